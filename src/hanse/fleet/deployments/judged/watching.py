"""Watches a stage until something follows from it, by the judge or by an operator."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Protocol

from hanse.fleet.deployments.judged.outcome import Outcome
from hanse.fleet.deployments.judged.watcher import POLL_SECONDS
from hanse.kit.clock import wait_set
from hanse.runtime.errors import HanseError

if TYPE_CHECKING:
    from hanse.fleet.deployments.judged.outcome import Now
    from hanse.fleet.deployments.record import Wish

log = logging.getLogger("hanse.deployer")


class Operator(Protocol):
    """Whoever looks on."""

    @property
    def wish(self) -> Wish:
        """What they want."""
        ...

    def see(self, now: Now) -> None:
        """Is told how it stands, each second."""
        ...

    async def agree(self) -> bool:
        """Is told that the release is good; whether they agree, or need not be asked."""
        ...


class Watched(Protocol):
    """A stage."""

    async def begin(self) -> None:
        """Gives the first shares."""
        ...

    async def withdraw(self) -> None:
        """Gives the new one nothing, at once."""
        ...

    async def look(self, *, hold: bool) -> tuple[Now | None, Outcome | None]:
        """How it stands, and how it ended."""
        ...


async def watch(watcher: Watched, operator: Operator) -> Outcome:
    """Watches a stage until something follows from it."""
    never = asyncio.Event()
    await watcher.begin()
    while True:
        match operator.wish:
            case "abort":
                await watcher.withdraw()
                return Outcome("stopped", "An operator had it go back.")
            case "promote":
                return Outcome("good", "An operator had it go on without the judge.")
            case wish:
                outcome = await _looked(watcher, operator, hold=wish == "pause")
        if outcome is not None:
            return outcome
        await wait_set(never, POLL_SECONDS)


async def _looked(watcher: Watched, operator: Operator, *, hold: bool) -> Outcome | None:
    try:
        now, outcome = await watcher.look(hold=hold)
    except HanseError as error:
        log.warning("Control does not answer, and shares run out: %s", error)
        return None
    if now is not None:
        operator.see(now)
    if outcome is not None and outcome.state == "good":
        return outcome if not hold and await operator.agree() else None
    return outcome
