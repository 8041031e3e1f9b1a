"""`hanse token`: a signed token for trying things out, alone on the standard output."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

import click

from hanse.cli.place import project_folder, state_folder
from hanse.runtime.credentials.development import DevelopmentIssuer

if TYPE_CHECKING:
    from hanse.runtime.identity.principal import PrincipalKind


class Wish(NamedTuple):
    """Whom the token is to be for, and how long; `name` is the copy that shall accept it."""

    kind: PrincipalKind
    id_: str
    permissions: tuple[str, ...]
    site: str
    minutes: float
    name: str


def token(wish: Wish) -> None:
    """Prints a token, and on the standard error what it is.

    Raises:
        Refused: There is no project here.
        ConfigurationError: The key is open to others.
    """
    issuer = DevelopmentIssuer(state_folder(project_folder(), wish.name), time.time)
    minted = issuer.mint(
        wish.kind,
        wish.id_,
        permissions=wish.permissions,
        site=wish.site,
        lifetime=wish.minutes * 60,
    )
    click.echo(minted)
    may = f" may {', '.join(wish.permissions)}," if wish.permissions else ""
    click.echo(
        f"{wish.kind} {wish.id_},{may} for {wish.minutes:g} minutes; "
        "only `hanse dev` and `hanse up` here accept it.",
        err=True,
    )
