"""`hanse flags` and `hanse flag show`: what is declared, what is ruled, and what is stale."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple, cast

import click
import msgspec
from msgspec import UNSET

from hanse.cli.data.listing import echo_rows
from hanse.cli.flags.place import Place
from hanse.cli.fleet.called import called
from hanse.cli.refusal import Refused
from hanse.kit.clock import SystemClock
from hanse.runtime.flags.changes import history, ruled
from hanse.runtime.flags.staleness import why_stale
from hanse.runtime.flags.state import variant_of
from hanse.runtime.flags.trials.trial import tried

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.runtime.flags.changes import Change, Ruled
    from hanse.runtime.flags.declaration import Declaration
    from hanse.runtime.flags.ruling import Rule, Ruling

_TITLES = ("flag", "default", "ruled", "owner", "until", "stale")


class Wish(NamedTuple):
    """What is to be listed."""

    stale: bool
    code: bool
    environment: str
    dev: bool
    as_json: bool


def flags(wish: Wish) -> None:
    """Lists them; where those alone are asked for that are stale, it ends with 1 if there are any.

    Raises:
        Refused: There is no project, or its database does not answer.
    """
    place = Place(wish.environment, dev=wish.dev)
    known: Mapping[str, Ruled] = {} if wish.code else place.reach(ruled)
    rows = [_row(name, place.declared.get(name), known.get(name)) for name in _names(place, known)]
    rows = [row for row in rows if row["stale"] or not wish.stale]
    if wish.as_json:
        click.echo(msgspec.json.format(msgspec.json.encode(rows), indent=2))
    elif rows:
        echo_rows(_TITLES, [[_cell(row[title]) for title in _TITLES] for row in rows])
    elif not wish.stale:
        click.echo("No service here asks for flags: class Checkout(Flags) in a constructor.")
    if wish.stale and rows:
        raise Refused(f"{len(rows)} stale: take them out of the code, then: hanse flag off NAME")


def show(name: str, environment: str, *, dev: bool, as_json: bool) -> None:
    """Shows one flag, with all that was changed.

    Raises:
        Refused: It is unknown, or the database does not answer.
    """
    place = Place(environment, dev=dev)
    changes = place.reach(partial(history, name=name))
    if not changes:
        place.flag(name)
    known, rolling = place.reach(ruled).get(name), place.reach(tried).get(name)
    row = _row(name, place.declared.get(name), known)
    if as_json:
        ruling = known and known.ruling
        told = row | {"ruling": ruling, "deployment": rolling, "changes": changes}
        click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2))
        return
    for title, cell in row.items():
        if cell:
            click.echo(f"{title:<8} {_cell(cell)}")
    if rolling:
        click.echo(f"rolled   by deployment {rolling}: {called('deployments')} show {rolling}")
    click.echo()
    echo_rows(("when", "who", "ruled", "before", "reason"), [_cells(one) for one in changes])


def said(ruling: Ruling | None) -> str:
    """A ruling for people."""
    if ruling is None:
        return "of a newer release"
    if ruling.off:
        return "off"
    return "; ".join(map(_rule, ruling.rules))


def _names(place: Place, known: Mapping[str, Ruled]) -> list[str]:
    gone = [name for name, one in known.items() if one.ruling is None or not one.ruling.off]
    return sorted({*place.declared, *gone})


def _row(name: str, declared: Declaration | None, known: Ruled | None) -> dict[str, Any]:
    today = SystemClock().now().date()
    return {
        "flag": name,
        "default": variant_of(declared.write(declared.default)) if declared else "",
        "ruled": said(known.ruling) if known else "",
        "owner": declared.owner if declared else "",
        "until": str(declared.until or "stays") if declared else "",
        "stale": list(why_stale(declared, known, today)),
        "doc": declared.doc if declared else "",
        "sticky": declared.sticky if declared else False,
    }


def _cell(value: Any) -> str:
    return ", ".join(cast("list[str]", value)) if isinstance(value, list) else str(value)


def _cells(change: Change) -> list[str]:
    when = f"{change.change_time:%Y-%m-%d %H:%M:%S}"
    return [when, change.who, said(change.after) or "-", said(change.before) or "-", change.reason]


def _rule(rule: Rule) -> str:
    audience = f"{rule.audience}: " if str(rule.audience) else ""
    if rule.value is not UNSET:
        return audience + variant_of(rule.value)
    shares = ", ".join(f"{one.percent:g} % {variant_of(one.value)}" for one in rule.shares)
    return f"{audience}{shares}{' of sites' if rule.by == 'site' else ''}"
