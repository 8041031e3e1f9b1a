"""Where a fleet runs: in the one region that the head itself is, or in several."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hanse.fleet.control.api import RegionDoing
    from hanse.fleet.control.choices import Moved
    from hanse.fleet.control.hosts.wanted import Wanted
    from hanse.fleet.control.region.api import HostStatus, RegionStatus, RegionWish, Step
    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.engine.supervision import Supervision


class Regions(Protocol):
    """What is asked of all of them at once; whatever fails raises `ChangeFailed`."""

    @property
    def names(self) -> Sequence[str]:
        """What they are called; nothing where the head itself is the only one."""
        ...

    async def adopt(self) -> bool:
        """Takes over what runs; False if nothing does, or if a change was broken off."""
        ...

    async def open(self, wish: RegionWish) -> None:
        """Begins gateways and brokers."""
        ...

    async def ready(self) -> None:
        """Returns when they answer."""
        ...

    async def bring(self, wanted: Sequence[Wanted], anew: Collection[str] = ()) -> None:
        """Makes the hosts those; the named ones are replaced in any case."""
        ...

    async def step(self, order: Order, step: Step) -> None:
        """Does one step with the hosts of a deployment."""
        ...

    async def wave(self, order: Order, judged: str, /) -> str:
        """Begins a deployment in one more region, see `Staging.wave`; says in which, or nothing."""
        ...

    async def share(self, deployment: str, canary: float, twin: float) -> None:
        """Gives canaries and twins shares of all requests, from now on for a while."""
        ...

    async def hosts(self) -> Sequence[HostStatus]:
        """All hosts there are."""
        ...

    async def blocked(self) -> Sequence[Moved]:
        """Units that have to live alone."""
        ...

    async def look(self, besides: Sequence[Supervision]) -> None:
        """Looks at everything, and at programs besides; called every few seconds."""
        ...

    async def have(self, name: str, doing: RegionDoing) -> None:
        """Does something with one of `names`."""
        ...

    async def behind(self) -> Sequence[str]:
        """Names of those that missed a change and answer again."""
        ...

    async def catch_up(self, name: str) -> None:
        """Brings one of those to what the others run."""
        ...

    async def status(self) -> RegionStatus:
        """How everything is."""
        ...

    async def stop(self) -> None:
        """Ends everything, running calls first."""
        ...

    async def leave(self) -> None:
        """Leaves everything running, for another to adopt."""
        ...
