"""Does to regions what happens to regions, while users ask all of their gateways."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

from drills.command import CONTROL, down, hanse, processes, users
from drills.regions.project import asks, write_failing, write_project
from hanse import Host, HostConfig
from hanse.fleet.control.staging.api import Order, Staging

if TYPE_CHECKING:
    from collections.abc import Generator

SHARE_SECONDS = 4.0
"""For which the failing canary is kept at its share before the control plane dies."""


class Size(NamedTuple):
    """How large it is.

    Attributes:
        regions: How many; three at least.
        rate: Requests a second at each gateway.
        calm: Seconds before, between and after.
        seed: Of nothing yet that is drawn here; it is printed with the report.
    """

    regions: int = 3
    rate: float = 200.0
    calm: float = 10.0
    seed: int = 1


class Timeline:
    """What was done when."""

    def __init__(self) -> None:
        self.phases: list[dict[str, Any]] = []

    @contextmanager
    def phase(self, name: str, **more: Any) -> Generator[dict[str, Any]]:
        """One thing that is done; what it comes to is added to what this gives."""
        sys.stderr.write(f"{name} …\n")
        found: dict[str, Any] = {"name": name, "begun": time.time(), **more}
        yield found
        found["ended"] = time.time()
        self.phases.append(found)


def run(folder: Path, size: Size) -> None:
    """Does it; leaves `regions.json`, and for users of each gateway a folder with their log."""
    project = folder / "project"
    write_project(project)
    timeline = Timeline()
    try:
        hanse(project, "up", "--regions", str(size.regions), seconds=300)
        regions = hanse(project, "regions")
        ports = {one["name"]: int(one["url"].rpartition(":")[2]) for one in regions}
        hanse(project, "deployments", "list")  # begins what deploys
        with ExitStack() as asking:
            for name, port in ports.items():
                further = [other for other in ports.values() if other != port]
                url = f"http://localhost:{port}"
                asked = asks(), size.rate
                asking.enter_context(users(folder / name, url, *asked, further=further))
            time.sleep(size.calm)
            _happen(project, timeline, size)
        told = {"size": size._asdict(), "phases": timeline.phases, "regions": list(ports)}
        (folder / "regions.json").write_text(json.dumps(told))
    finally:
        down(project)


def _happen(project: Path, timeline: Timeline, size: Size) -> None:
    with timeline.phase("drain", region="r2"):
        hanse(project, "regions", "drain", "r2")
        time.sleep(size.calm)
        hanse(project, "regions", "stop", "r2")
        time.sleep(size.calm)
        hanse(project, "regions", "start", "r2")
        hanse(project, "regions", "resume", "r2")
        time.sleep(size.calm)
    with timeline.phase("kill", region="r3") as found:
        found["killed"] = time.time()
        hanse(project, "regions", "kill", "r3")
        time.sleep(size.calm)
        hanse(project, "regions", "start", "r3")
        time.sleep(size.calm)
    with timeline.phase("quorum") as found:
        found.update(_without_quorum(project, size))
    with timeline.phase("control") as found:
        write_failing(project)
        asyncio.run(_at_half(project, found))
        time.sleep(size.calm + 10.0)
    hanse(project, "up", seconds=300)


def _without_quorum(project: Path, size: Size) -> dict[str, Any]:
    """Kills most brokers again and again, and tries to deploy."""
    over, killed = threading.Event(), set[int]()

    def kill() -> None:
        while not over.wait(0.05):
            for one in _brokers(project, ("r2", "r3")):
                with suppress(psutil.Error):
                    one.kill()
                    killed.add(one.pid)

    killing = threading.Thread(target=kill)
    killing.start()
    try:
        time.sleep(size.calm)
        write_failing(project)  # whatever it is: nobody may get it
        said = _deploy(project)
    finally:
        over.set()
        killing.join()
    ended, back = time.time(), False
    while not back:  # their keepers start them again, less often the more often they died
        time.sleep(1.0)
        states = {one["name"]: one["state"] for one in hanse(project, "status")["processes"]}
        back = all(states[f"{name}.nats"] == "ready" for name in ("r2", "r3"))
    time.sleep(size.calm)
    return {"brokers_killed": len(killed), "deploy": said, "back_seconds": time.time() - ended}


def _deploy(project: Path) -> dict[str, Any]:
    found = hanse(project, "deploy", "stock", "--detach")
    return hanse(project, "deployments", "follow", found["name"], seconds=180)


def _brokers(project: Path, regions: tuple[str, ...]) -> list[psutil.Process]:
    found: list[psutil.Process] = []
    for one in processes(project):
        with suppress(psutil.Error):
            line = " ".join(one.cmdline())
            if "nats-server" in line and any(f"/{name}/" in line for name in regions):
                found.append(one)
    return found


async def _at_half(project: Path, found: dict[str, Any]) -> None:
    """Has a release that always fails get half of all requests of a region, and kills who gave it."""
    at = {Staging.__contract__.full_name: (f"unix:{project}/.hanse/up/control.sock",)}
    async with Host([], HostConfig(port=None, docs=False, directory=at)) as host:
        staging = host.get(Staging)
        proposed = await staging.propose(("stock",))
        order = Order(
            deployment="drill",
            changes=proposed.changes,
            environment=proposed.environment,
            local=proposed.local,
        )
        await staging.stage(order)
        until = time.monotonic() + SHARE_SECONDS
        while time.monotonic() < until:
            await staging.share("drill", 0.5, 0.5)
            await asyncio.sleep(1.0)
        await staging.share("drill", 0.5, 0.5)
    found["killed"] = time.time()
    for one in processes(project):
        with suppress(psutil.Error):
            if not set(CONTROL).isdisjoint(one.cmdline()):
                os.kill(one.pid, signal.SIGKILL)
