"""`hanse flag roll`: a value comes to more and more, judged, as a deployment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from hanse.cli.deploy.beginning import roll as begin
from hanse.cli.deploy.connection import operator
from hanse.cli.flags.changing import lots_value
from hanse.cli.flags.place import Place
from hanse.fleet.deployments.api import Rolling
from hanse.fleet.deployments.record import FlagTask

if TYPE_CHECKING:
    from hanse.runtime.flags.ruling import Audience


class Wish(NamedTuple):
    """How it is rolled out; see `hanse flag roll --help`."""

    by: Literal["principal", "site"]
    reason: str
    who: str
    environment: str
    detach: bool
    as_json: bool


def roll(name: str, text: str, audience: Audience, wish: Wish) -> None:
    """Begins, and waits for the end of it.

    Raises:
        Refused: The flag is unknown, takes another value, or nothing runs.
    """
    declared = Place(wish.environment).flag(name)
    value = lots_value(text, declared, "roll NAME")
    task = FlagTask(
        name=name,
        value=msgspec.json.encode(value).decode(),
        audience=msgspec.json.encode(audience).decode(),
        by=wish.by,
    )
    rolling = Rolling(flag=task, by=wish.who or operator(), reason=wish.reason)
    begin(rolling, detach=wish.detach, as_json=wish.as_json)
