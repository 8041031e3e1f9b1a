"""Does a day: a fleet, its users, and one operator a service, who deploys one release after the other."""

from __future__ import annotations

import json
import random
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from drills.command import control_seconds, deployed, down, hanse, users
from drills.day.faults import FAULTS, Fault
from drills.day.project import asks, names, write_project, write_release

if TYPE_CHECKING:
    from pathlib import Path

PATIENCE_SECONDS = 900.0
"""For one deployment; then somebody ends it by hand, as people do with what nothing decides."""


class Size(NamedTuple):
    """How large the day is.

    Attributes:
        deployments: How many in all.
        services: Each has an operator, so as many run at once at most.
        rate: Requests a second of each service.
        faulty: One in so many deployments is faulty.
        seed: Of which, and of what is wrong with each.
        warm: Seconds for which what was before stands by: a timer, and no evidence.
    """

    deployments: int = 600
    services: int = 8
    rate: float = 40.0
    faulty: int = 10
    seed: int = 1
    warm: float = 5.0


def planned(size: Size) -> list[Fault | None]:
    """What is wrong with each deployment: faults in turn, at places that the seed draws."""
    chance = random.Random(size.seed)
    number = size.deployments // size.faulty
    faults = [FAULTS[each % len(FAULTS)] for each in range(number)]
    plan: list[Fault | None] = [*faults, *[None] * (size.deployments - number)]
    chance.shuffle(plan)
    return plan


class Operators:
    """Deploy what is planned, each for a service of their own."""

    def __init__(self, folder: Path, size: Size) -> None:
        self._folder = folder
        self._plan = list(enumerate(planned(size)))
        self._turn = threading.Lock()
        self._size = size
        self.done: list[dict[str, Any]] = []

    def run(self) -> None:
        """Returns when all is deployed."""
        threads = [
            threading.Thread(target=self._work, args=(name,)) for name in names(self._size.services)
        ]
        for one in threads:
            one.start()
        for one in threads:
            one.join()

    def _work(self, service: str) -> None:
        release, last = 1, 1
        while True:
            with self._turn:
                if not self._plan:
                    return
                number, fault = self._plan.pop(0)
            release += 1
            row = self._deploy(service, release, fault)
            if row["state"] in {"settled", "done"}:
                last = release
                if fault:  # nobody keeps it, or the next one would be compared with a faulty one
                    hanse(self._folder, "rollback", row["name"])
                    last = row["base"]
            write_release(self._folder, service, last)
            self._tell({"number": number, **row})

    def _deploy(self, service: str, release: int, fault: Fault | None) -> dict[str, Any]:
        base = release - 1
        write_release(self._folder, service, release, fault)
        begun = time.time()
        found = deployed(self._folder, service, PATIENCE_SECONDS)
        return {
            "name": found["name"],
            "service": service,
            "release": release,
            "base": base,
            "fault": fault.name if fault else "",
            "class": fault.kind if fault else "",
            "state": found["state"],
            "says": found["says"],
            "begun": begun,
            "ended": time.time(),
        }

    def _tell(self, row: dict[str, Any]) -> None:
        with self._turn:
            self.done.append(row)
            took = row["ended"] - row["begun"]
            what = row["fault"] or "good"
            sys.stderr.write(
                f"{len(self.done):4} of {self._size.deployments}  {row['service']}  {what:<14}"
                f" {row['state']:<9} {took:5.0f} s\n"
            )


def run(folder: Path, size: Size) -> None:
    """Does it; leaves `requests.log`, `deployments.json` and `day.json` in the folder."""
    project = folder / "project"
    write_project(project, names(size.services), size.warm)
    operators = Operators(project, size)
    try:
        fleet = hanse(project, "up", seconds=300)
        hanse(project, "deployments", "list")  # begins what deploys
        used, begun = control_seconds(project), time.time()
        with users(folder, fleet["url"], asks(names(size.services)), size.rate):
            operators.run()
        day = {
            "size": size._asdict(),
            "begun": begun,
            "ended": time.time(),
            "control_seconds": control_seconds(project) - used,
        }
        (folder / "day.json").write_text(json.dumps(day))
        (folder / "deployments.json").write_text(json.dumps(operators.done))
    finally:
        down(project)
