"""The power goes in the middle of deals: from an image of all that was kept, others go on elsewhere, and nothing is missing."""

from __future__ import annotations

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path

import psutil
import pytest

from tests.faults.deals.ground import Ground
from tests.faults.deals.scene import Plan, Run
from tests.faults.deals.verdict import complaints
from tests.faults.kills.ledger import Ledger

pytestmark = pytest.mark.long


def lasting(home: Path, *, moved: bool = False) -> Ground:
    return Ground(home, streams=home / "nats", data=home / "postgres", moved=moved)


@contextmanager
def frozen(*roots: int) -> Iterator[None]:
    """All of some processes stand still, so that what is copied is of one moment."""
    first = [psutil.Process(root) for root in roots]
    for process in first:
        process.suspend()
    every = [*first, *(one for root in first for one in root.children(recursive=True))]
    for process in every:
        process.suspend()
    yield
    for process in reversed(every):
        process.resume()


def copy(source: Path, target: Path) -> None:
    target.mkdir(parents=True, exist_ok=True)
    subprocess.run(("cp", "-a", f"{source}/.", target), check=True)


class PowerCut(Run):
    """A run that goes on elsewhere.

    Attributes:
        stack: Ends what is there.
        home: Where it is.
        tail: Whether what NATS took last was not on its disk.
    """

    stack: AsyncExitStack
    home: Path
    tail = False

    async def _kill(self) -> None:
        here, old = self._ground, self._ground.folder
        copy(old / "nats", self.home / "nats") if self.tail else None
        if self.tail:
            here.hosts[0].go_on()
            await self._go_on()
            here.hosts[0].stop()
        with frozen(here.server.pid, here.broker.pid):
            for part in ("postgres", "keys", "world", *(() if self.tail else ("nats",))):
                source, target = old / part, self.home / part
                copy(source, target) if source.is_dir() else target.write_bytes(source.read_bytes())
            await self._end(0)
        (self.home / "postgres" / "postmaster.pid").unlink()  # of a process there, not elsewhere
        await self._working
        self._ground = await self.stack.enter_async_context(lasting(self.home, moved=True))
        await self._ground.expire()
        await self._begin(0)

    async def _judge(self) -> None:
        if not self.tail:
            await super()._judge()
            return
        await self._is_well()
        wrong = complaints(self._ledger.read(), self._last)
        others = [one for one in wrong if not told_in_vain(one)]
        assert not others, "\n".join(others)


def told_in_vain(complaint: str) -> bool:
    """What a broker costs that loses what it acknowledged: events, and nothing else."""
    return complaint.startswith("lost:") and ("was not told" in complaint or "mailed" in complaint)


@pytest.fixture
def homes(tmp_path: Path) -> tuple[Path, Path]:
    tmp_path.chmod(0o755)
    homes = tmp_path / "home", tmp_path / "elsewhere"
    for home in homes:
        home.mkdir(mode=0o755)
    return homes


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    ledger = Ledger(tmp_path / "ledger")
    yield ledger
    ledger.close()


@pytest.mark.parametrize("tail", [False, True])
@pytest.mark.parametrize("seed", range(3))
async def test_from_an_image_all_goes_on(
    homes: tuple[Path, Path], ledger: Ledger, seed: int, *, tail: bool
) -> None:
    plan = Plan(seed, "", 1, "host", 1, 2, 0.3 + 0.1 * seed, 0)
    async with AsyncExitStack() as stack:
        run = PowerCut(await stack.enter_async_context(lasting(homes[0])), plan, ledger)
        run.stack, run.home, run.tail = stack, homes[1], tail
        await asyncio.wait_for(run.run(), 120)
