"""`hanse key`: an API key, alone on the standard output, and the table to keep of it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import click
import msgspec

from hanse.cli.pepper import development_pepper
from hanse.cli.place import open_project
from hanse.kit.environment import variables
from hanse.runtime.credentials.api_key import KeyMint
from hanse.runtime.identity.principal import Principal
from hanse.runtime.project.api_keys import VARIABLE, read_pepper, to_toml, write_key

if TYPE_CHECKING:
    from hanse.runtime.credentials.api_key import StoredKey
    from hanse.runtime.identity.principal import PrincipalKind

ONLY_HERE = "Made with the development pepper: only `hanse dev` and `hanse up` here accept it."


class Wish(NamedTuple):
    """Whom the key is to be for, and how long; `environment` says where its pepper may lie."""

    kind: PrincipalKind
    id_: str
    permissions: tuple[str, ...]
    site: str
    days: float | None
    environment: str
    as_json: bool


def key(wish: Wish) -> None:
    """Prints a key, and on the standard error what to keep of it; nothing is written.

    Raises:
        Refused: There is no project here.
        ConfigurationError: The pepper cannot be used, or `hanse.toml` would not take the key.
    """
    project = open_project(wish.environment)
    pepper = read_pepper(project.sources(variables()))
    mint = KeyMint(pepper or development_pepper(project.folder))
    principal = Principal(wish.kind, wish.id_, frozenset(wish.permissions))
    ends = None if wish.days is None else int(time.time() + wish.days * 86_400)
    plain, stored = mint.mint(principal, site=wish.site, expires_at=ends)
    show = _show_json if wish.as_json else _show
    show(plain, stored, development=pepper is None)


def _show(plain: str, stored: StoredKey, *, development: bool) -> None:
    table = _table(stored, development=development)
    whom = stored.principal
    _say(f"The key of {whom.kind} {whom.id}, shown this once and kept nowhere. Give it to whoever")
    _say("is to call with it; it is sent as `authorization: Bearer hk_…`:\n")
    click.echo(plain)
    _say(
        "\nPaste this into hanse.toml; nobody can make the key out of it. Delete it there to revoke"
    )
    _say("the key, which then ends with the next start.")
    if development:
        _say(f"{ONLY_HERE}\nFor a deployment set {VARIABLE}, and mint another.")
    _say(f"\n{table}")


def _show_json(plain: str, stored: StoredKey, *, development: bool) -> None:
    told = {
        "key": plain,
        "table": write_key(stored),
        "toml": _table(stored, development=development),
        "development": development,
    }
    click.echo(msgspec.json.format(msgspec.json.encode(told), indent=2))


def _table(stored: StoredKey, *, development: bool) -> str:
    return f"# {ONLY_HERE}\n{to_toml(stored)}" if development else to_toml(stored)


def _say(sentence: str) -> None:
    click.echo(sentence, err=True)
