"""One of several regions, as the head has it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.fleet.control.choices import Moved
    from hanse.fleet.control.hosts.wanted import Wanted
    from hanse.fleet.control.region.api import HostStatus, RegionStatus, RegionWish, Step
    from hanse.fleet.control.staging.api import Order
    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.state import StateFolder


class Region(Protocol):
    """What is asked of it is what `RegionControl` has; whatever is not done raises `ChangeFailed`.

    Attributes:
        name: Its own.
        state: Its state folder.
        supervision: What keeps its control running.
    """

    name: str
    state: StateFolder
    supervision: Supervision

    @property
    def answering(self) -> bool:
        """Whether it can be asked, as far as is known."""
        ...

    @property
    def runs(self) -> bool:
        """Whether anything of it does, asked or not."""
        ...

    @property
    def life(self) -> int | None:
        """Another one after each start of its control, which breaks off what it was about."""
        ...

    async def start(self) -> None:
        """Has its control run, and returns when it answers."""
        ...

    async def open(self, wish: RegionWish) -> None: ...
    async def ready(self) -> None: ...
    async def bring(self, wanted: Sequence[Wanted], anew: Sequence[str]) -> None: ...
    async def end(self, names: Sequence[str]) -> None: ...
    async def step(self, order: Order, step: Step) -> None: ...
    async def share(self, deployment: str, canary: float, twin: float) -> None: ...
    async def hosts(self) -> Sequence[HostStatus]: ...

    async def known_hosts(self) -> Sequence[HostStatus]:
        """What it says; where it says nothing, what was written down: they may well run."""
        ...

    async def blocked(self) -> Sequence[Moved]: ...
    async def status(self) -> RegionStatus: ...
    async def drain(self, *, drained: bool) -> None: ...

    async def stop(self) -> None:
        """Ends everything in it, running calls first, and its control."""
        ...

    async def kill(self) -> None:
        """Kills everything in it at once; nobody is told."""
        ...

    async def leave(self) -> None:
        """Leaves everything running, its control too."""
        ...

    def forget(self) -> None:
        """Nothing is kept of it, where it has ended for good: one of this name begins anew."""
        ...
