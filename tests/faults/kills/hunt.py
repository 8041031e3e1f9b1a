"""Runs seeds until something is wrong or there were so many: `python -m tests.faults.kills.hunt --runs 2000 --first 1000`.

`--note` has what came of it written into docs/faults.json, from which docs/faults.md is made.
"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults import report
from tests.faults.kills.scene import POINTS, Ground, Plan, Run, drawn
from tests.faults.seeds import Asked, asked, at_once, ended, seeds


@dataclass
class Counts:
    """Of runs.

    Attributes:
        runs: How many there were.
        points: Runs by the point at which the host stood.
        whom: Runs by who was killed.
        words: Requests by what became of them: `done`, `refused`, `unknown`, or `again` under a key.
    """

    runs: int = 0
    points: Counter[str] = field(default_factory=Counter)
    whom: Counter[str] = field(default_factory=Counter)
    words: Counter[str] = field(default_factory=Counter)

    def add(self, run: Run) -> None:
        """One more."""
        self.runs += 1
        self.points[run.plan.point] += 1
        self.whom[run.plan.whom] += 1
        self.words += run.words

    def add_all(self, other: Counts) -> None:
        """Those of other runs."""
        self.runs += other.runs
        self.points += other.points
        self.whom += other.whom
        self.words += other.words


async def hunt(plans: Iterator[Plan]) -> Counts:
    """Runs plans on a ground of their own, until there are no more.

    Raises:
        AssertionError: Something is wrong, with a note of the seed.
    """
    counts = Counts()
    with tempfile.TemporaryDirectory(prefix="hanse-kills-") as folder:
        async with Ground(Path(folder)) as ground:
            for plan in plans:
                counts.add(await ground.run(plan))
    return counts


async def hunt_all(told: Asked) -> Counts:
    """Runs what is asked for.

    Raises:
        ExceptionGroup: As `hunt` does; the other hunts are broken off.
    """
    plans = (drawn(seed, POINTS) for seed in seeds(told.first, told.runs))
    counts = Counts()
    for one in await at_once(told.hunts, lambda: hunt(plans)):
        counts.add_all(one)
    if told.note:
        report.note_kills(counts, told.first)
    return counts


if __name__ == "__main__":
    told = asked(__doc__)
    sys.exit(ended(lambda: hunt_all(told)))
