"""Does a day: a fleet in its regions, users at each gateway, and operators who deploy."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import psutil

from drills.command import ControlTime, down, hanse, up, users
from drills.day.operators import Operators, Size
from drills.day.project import asks, names, write_project
from drills.project import write_file

if TYPE_CHECKING:
    from pathlib import Path

UP_SECONDS = 900.0
USERS = 32
"""Of a gateway: so many requests can be under way at once."""

CALM_SECONDS = 30.0
"""In which nobody deploys: what the control plane uses all the time is not of deployments."""


def run(folder: Path, size: Size) -> None:
    """Does it; leaves `deployments.json`, `day.json` and, for each gateway, the log of its users.

    All of it is written as it comes. Who ends it by Ctrl-C has a day that is shorter, and says so.
    """
    project = folder / "project"
    write_project(project, names(size.services), size.warm)
    try:
        fleet = up(project, UP_SECONDS, size.regions)
        hanse(project, "deployments", "list")  # begins what deploys
        gateways = gateways_of(project, fleet, size)
        diary = Diary(folder, project, size, list(gateways))
        operators = Operators(project, size, folder / "deployments.json", diary.write)
        try:
            with ExitStack() as asking:
                for name, (url, share) in gateways.items():
                    further = [_port(other) for other, _ in gateways.values() if other != url]
                    where, rate = folder / "users" / name, size.rate * share
                    asked = asks(names(size.services)), rate
                    more = {"further": further, "users": USERS}
                    asking.enter_context(users(where, url, *asked, **more))
                diary.rest()
                operators.run()
            diary.write(whole=True)
        except KeyboardInterrupt:
            diary.write()
    finally:
        down(project)


def gateways_of(project: Path, fleet: dict[str, Any], size: Size) -> dict[str, tuple[str, float]]:
    """Gateways with the part of all requests that comes in at each."""
    if size.regions < 2:
        return {"gateway": (fleet["url"], 1.0)}
    urls = {one["name"]: one["url"] for one in hanse(project, "regions")}
    parts = divided(len(urls), size.first)
    return {name: (url, part) for (name, url), part in zip(urls.items(), parts, strict=True)}


def divided(regions: int, first: float) -> list[float]:
    """Parts of all requests: the first region's, where canaries stand, and the others' alike."""
    return [first, *[(1.0 - first) / (regions - 1)] * (regions - 1)]


def _port(url: str) -> int:
    return int(url.rpartition(":")[2])


class Diary:
    """Writes down, after each deployment, how long the day is by now and what it has used.

    Args:
        folder: Where.
        project: Whose control plane is counted.
        size: How large the day is to be.
        gateways: Whose users leave logs.
    """

    def __init__(self, folder: Path, project: Path, size: Size, gateways: list[str]) -> None:
        self._file = folder / "day.json"
        self._control = ControlTime(project)
        self._told: dict[str, Any] = {"size": size._asdict(), "gateways": gateways}
        self._used = self._busy = 0.0

    def rest(self) -> None:
        """Waits, sees what is used while nobody deploys, and begins the day."""
        before, begun = self._control.seconds(), time.time()
        time.sleep(CALM_SECONDS)
        self._used, self._busy, now = self._control.seconds(), _busy_seconds(), time.time()
        self._told |= {"begun": now, "idle_cpu": (self._used - before) / (now - begun)}

    def write(self, *, whole: bool = False) -> None:
        """Now.

        Args:
            whole: Whether all was done that was to be.
        """
        now = {
            "ended": time.time(),
            "control_seconds": self._control.seconds() - self._used,
            "busy_seconds": _busy_seconds() - self._busy,
            "cores": psutil.cpu_count(),
            "whole": whole,
        }
        write_file(self._file, json.dumps(self._told | now))


def _busy_seconds() -> float:
    """Of all cores, whoever had them."""
    times = psutil.cpu_times()
    return sum(times) - times.idle - getattr(times, "iowait", 0.0) - getattr(times, "guest", 0.0)
