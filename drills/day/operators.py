"""Operators, one a service, who deploy one release after the other until all of a plan is done."""

from __future__ import annotations

import json
import random
import subprocess
import sys
import threading
import time
from datetime import datetime
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from drills.command import SaidNoError, deployed, end_commands, hanse
from drills.day.faults import drawn
from drills.day.project import names, write_release
from drills.project import write_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from drills.day.faults import Fault

PATIENCE_SECONDS = 900.0
"""For one deployment; then somebody ends it by hand, as people do with what nothing decides."""

TRIES = 5
TRY_SECONDS = 2.0
"""Between two: what was refused for others' sake, as when one of them broke the build, is deployed again."""

ODD = (SaidNoError, subprocess.TimeoutExpired, ValueError)
"""What a command may come to besides an answer; none of it ends the day."""

MEANWHILE = "Deploy again."
"""What a deployment says that nothing was wrong with: another change came in between."""

SETTLED = frozenset({"settled", "done"})
UNDER_WAY = "under way"
"""The state of what was not over when the day was ended."""


class Size(NamedTuple):
    """How large the day is.

    A release needs about 3,600 requests of its service where its canary stands until it is
    everybody's (both stages, at any rate from 9 to 70 a second), and half a minute besides. So
    most requests come in there, and ten operators get 600 deployments through in two hours with
    500 requests a second, which leaves two cores some room. More services are more hosts, which
    cost while they idle; fewer need more requests a second in all.

    Attributes:
        deployments: How many in all.
        services: Each has an operator, so as many run at once at most.
        rate: Requests a second of each service, in all regions together.
        regions: In how many it runs; 1 is a fleet without regions.
        first: Part of the requests that come in where canaries stand; the others share the rest.
        faulty: One in so many deployments is faulty.
        seed: Of which, and of what is wrong with each.
        warm: Seconds for which what was before stands by: a timer, and no evidence.
    """

    deployments: int = 600
    services: int = 10
    rate: float = 50.0
    regions: int = 3
    first: float = 0.8
    faulty: int = 10
    seed: int = 1
    warm: float = 5.0


def planned(size: Size) -> list[Fault | None]:
    """What is wrong with each deployment: a third of each class, at places that the seed draws."""
    faults = drawn(size.deployments // size.faulty, size.regions)
    plan: list[Fault | None] = [*faults, *[None] * (size.deployments - len(faults))]
    random.Random(size.seed).shuffle(plan)
    return plan


class Operators:
    """Deploy what is planned, each for a service of their own.

    Args:
        folder: Of the project.
        size: How much.
        written: Where each deployment is written down as soon as it is over.
        told: Is called then.
    """

    def __init__(self, folder: Path, size: Size, written: Path, told: Callable[[], None]) -> None:
        self._folder = folder
        self._plan = list(enumerate(planned(size)))
        self._turn = threading.Lock()
        self._size = size
        self._written = written
        self._told = told
        self._begun = time.monotonic()
        self._under_way: dict[int, dict[str, Any]] = {}
        self._over = threading.Event()
        self.done: list[dict[str, Any]] = []

    def run(self) -> None:
        """Returns when all is deployed.

        Raises:
            KeyboardInterrupt: Somebody ended it; what was done is written down.
        """
        threads = [
            threading.Thread(target=self._work, args=(name,), daemon=True)
            for name in names(self._size.services)
        ]
        for one in threads:
            one.start()
        try:
            for one in threads:
                one.join()
        except KeyboardInterrupt:
            self._break_off()
            raise

    def _break_off(self) -> None:
        """Nobody begins another one; what is under way is written down as that."""
        self._over.set()
        with self._turn:
            now = {"state": UNDER_WAY, "says": "", "ended": time.time()}
            self.done += [row | now for row in self._under_way.values()]
            self._write()
        end_commands()

    def _work(self, service: str) -> None:
        release, last = 1, 1
        while True:
            with self._turn:
                if not self._plan or self._over.is_set():
                    return
                number, fault = self._plan.pop(0)
            release += 1
            row = self._begin(number, service, (release, last), fault)
            self._deploy(row, fault)
            if row["state"] in SETTLED:
                if fault:  # nobody keeps it, or the next one would be compared with a faulty one
                    self._roll_back(row)
                else:
                    last = release
            write_release(self._folder, service, last)
            self._end(row)

    def _begin(
        self, number: int, service: str, releases: tuple[int, int], fault: Fault | None
    ) -> dict[str, Any]:
        release, base = releases
        row: dict[str, Any] = {
            "number": number,
            "name": "",
            "service": service,
            "release": release,
            "base": base,
            "fault": fault.name if fault else "",
            "class": fault.kind if fault else "",
            "again": 0,
            "begun": time.time(),
        }
        with self._turn:
            self._under_way[number] = row
        return row

    def _deploy(self, row: dict[str, Any], fault: Fault | None) -> None:
        write_release(self._folder, row["service"], row["release"], fault)
        while True:
            try:
                found = deployed(self._folder, row["service"], PATIENCE_SECONDS)
            except ODD as error:
                own = is_own(row["service"], str(error))
                if not own and row["again"] < TRIES and not self._over.is_set():
                    row["again"] += 1
                    time.sleep(TRY_SECONDS)
                    continue
                found: dict[str, Any] = {"name": "", "state": "refused", "says": str(error)}
            if MEANWHILE in found["says"] and row["again"] < TRIES and not self._over.is_set():
                row["again"] += 1
                continue
            row |= {name: found[name] for name in ("name", "state", "says")}
            row |= {"ended": time.time(), "stages": stages(found.get("moments", []))}
            return

    def _roll_back(self, row: dict[str, Any]) -> None:
        """By hand, as whoever sees later what nobody saw."""
        for _ in range(TRIES):
            try:
                found = hanse(self._folder, "rollback", row["name"], seconds=PATIENCE_SECONDS)
            except ODD as error:
                row["by_hand"] = str(error)
                time.sleep(TRY_SECONDS)
            else:
                row["by_hand"] = found["state"]
                break
        row["gone"] = time.time()

    def _end(self, row: dict[str, Any]) -> None:
        with self._turn:
            if self._over.is_set():
                return
            del self._under_way[row["number"]]
            self.done.append(row)
            self._write()
            self._tell(row)
            self._told()

    def _write(self) -> None:
        write_file(self._written, json.dumps(self.done))

    def _tell(self, row: dict[str, Any]) -> None:
        took, what = row["ended"] - row["begun"], row["fault"] or "good"
        done, whole = len(self.done), self._size.deployments
        left = (time.monotonic() - self._begun) / done * (whole - done) / 60
        sys.stderr.write(
            f"{done:4} of {whole}  {row['service']}  {what:<14} {row['state']:<9} {took:5.0f} s"
            f"   {left:.0f} min left\n"
        )


def is_own(service: str, said: str) -> bool:
    """Whether a refusal is about a service's own files, and not about another's or the moment."""
    return f"{service}/" in said


def stages(moments: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds that a deployment was in each of its stages."""
    found: dict[str, float] = {}
    for one, after in pairwise(moments):
        took = datetime.fromisoformat(after["at"]) - datetime.fromisoformat(one["at"])
        found[one["stage"]] = found.get(one["stage"], 0.0) + took.total_seconds()
    return found
