"""`hanse flag set`, `percent`, `unset`, `off` and `rules`: changes with their reason."""

from __future__ import annotations

import getpass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click
import msgspec

from hanse.cli.flags.place import Place
from hanse.cli.flags.showing import said
from hanse.cli.refusal import Refused
from hanse.runtime.flags.amending import (
    drawn_anew,
    switched_off,
    with_rule,
    with_share,
    without_rule,
)
from hanse.runtime.flags.changes import Reasoned, change, history
from hanse.runtime.flags.declaration import Declaration
from hanse.runtime.flags.draws import forget
from hanse.runtime.flags.ruling import Audience, Rule, Ruling, Share

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.database import Database
    from hanse.runtime.flags.changes import Change

RULES_BYTES_MAX = 256 * 1024


class Asked(msgspec.Struct, kw_only=True):
    """What all changes take.

    Attributes:
        reason: Why.
        who: Makes it; empty for who is logged in.
        environment: Which `[environments.NAME]` applies.
        dev: In the database of `hanse dev`.
        as_json: The change as JSON.
    """

    reason: str
    who: str = ""
    environment: str = ""
    dev: bool = False
    as_json: bool = False


def set_(name: str, text: str, audience: Audience, asked: Asked) -> None:
    """Gives a value to all of an audience.

    Raises:
        Refused: The flag is unknown, or cannot be ruled so.
    """
    place, declared = _found(name, asked)
    rule = Rule(audience, _value(text, declared))
    _change(place, declared, asked, lambda old: with_rule(old, rule))


def percent(
    name: str,
    share: tuple[float, str],
    audience: Audience,
    asked: Asked,
    *,
    by: Literal["principal", "site"],
    anew: bool,
) -> None:
    """Gives a value to a part of an audience, by lot.

    Raises:
        Refused: The flag is unknown, cannot be ruled so, or nothing says which value.
    """
    place, declared = _found(name, asked)
    given = Share(share[0], lots_value(share[1], declared))

    def amend(old: Ruling) -> Ruling:
        ruling = with_share(old, audience, given, by)
        return drawn_anew(ruling) if anew else ruling

    _change(place, declared, asked, amend)


def unset(name: str, audience: Audience, asked: Asked) -> None:
    """Takes away what was ruled for an audience.

    Raises:
        Refused: The flag is unknown.
    """
    place, declared = _found(name, asked)
    _change(place, declared, asked, lambda old: without_rule(old, audience))


def off(name: str, asked: Asked) -> None:
    """Has the default of the code hold for everybody; of a flag that is gone, forgets the rules.

    Raises:
        Refused: Nobody declares it, and nothing was ruled of it.
    """
    place = Place(asked.environment, dev=asked.dev)
    declared = place.declared.get(name)
    if declared is None:
        if not place.reach(partial(history, name=name, limit=1)):
            place.flag(name)
        declared = Declaration(name=name, kind=Any, default=None, owner="", until=None, doc="")
    _change(place, declared, asked, switched_off)


def rules(name: str, file: Path, asked: Asked) -> None:
    """Puts the rules of a file, as `hanse flag show --json` has them, in place of all others.

    Raises:
        Refused: The flag is unknown, or cannot be ruled so.
    """
    place, declared = _found(name, asked)
    with file.open("rb") as opened:
        written = opened.read(RULES_BYTES_MAX + 1)
    if len(written) > RULES_BYTES_MAX:
        raise Refused(f"{file} is longer than {RULES_BYTES_MAX:,} bytes.")
    try:
        given = msgspec.json.decode(written, type=tuple[Rule, ...])
    except msgspec.MsgspecError as error:
        raise Refused(
            f"{file} holds no rules: {error}.",
            'They are a list: [{"audience": {"sites": ["acme"]}, "value": true}, '
            '{"shares": [{"percent": 10, "value": true}]}]',
        ) from error
    _change(
        place,
        declared,
        asked,
        lambda old: msgspec.structs.replace(old, rules=given, off=False),
    )


def _found(name: str, asked: Asked) -> tuple[Place, Declaration]:
    place = Place(asked.environment, dev=asked.dev)
    return place, place.flag(name)


def _change(
    place: Place, declared: Declaration, asked: Asked, amend: Callable[[Ruling], Ruling]
) -> None:
    because = Reasoned(asked.who or getpass.getuser(), asked.reason)

    async def work(database: Database) -> Change:
        made = await change(database, declared, amend, because)
        if made.after.round != made.before.round:
            await forget(database, declared.name, made.after.round)
        return made

    done = place.reach(work)
    if asked.as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(done), indent=2))
        return
    click.echo(f"{done.name}: {said(done.after) or 'as in the code'}")
    if done.before.rules and said(done.before) != said(done.after):
        click.echo(f"before: {said(done.before)}")
    if done.after.narrowed and not done.before.narrowed:
        keeps = "they keep it, as the flag is sticky" if declared.sticky else "they lose it now"
        click.echo(f"Some had drawn a value by what was ruled before: {keeps}.")


def _value(text: str, declared: Declaration) -> Any:
    """What was typed, as plain data: a text where the flag takes it as one, else JSON."""
    try:
        declared.read(text)
    except (TypeError, ValueError):
        try:
            value = msgspec.json.decode(text.encode())
            declared.read(value)
        except (TypeError, ValueError) as error:
            raise Refused(f"{declared.name} takes {declared.takes}; got {text!r}.") from error
        return value
    return text


def lots_value(text: str, declared: Declaration, verb: str = "percent NAME 10") -> Any:
    """What some are given, as plain data: of a flag that is true or false the other value.

    Raises:
        Refused: It is none of the flag's, or not said.
    """
    if text:
        return _value(text, declared)
    if declared.kind is not bool:
        raise Refused(
            f"{declared.name} takes {declared.takes}; say which: "
            f"hanse flag {verb.replace('NAME', declared.name)} VALUE"
        )
    return not declared.default
