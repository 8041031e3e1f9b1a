"""Runs seeds until something is wrong or there were so many: `python -m tests.faults.deals.hunt --runs 2000 --first 1000`.

`--note` has what came of it written into docs/faults.json, from which docs/faults.md is made.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from tests.faults import report
from tests.faults.deals.ground import Ground
from tests.faults.deals.runs import Counts, run_all
from tests.faults.deals.scene import Plan, drawn
from tests.faults.seeds import Asked, asked, at_once, ended, seeds


async def hunt(plans: Iterator[Plan]) -> Counts:
    """Runs plans on a ground of their own, until there are no more.

    Raises:
        AssertionError: Something is wrong, with a note of the seed.
    """
    with tempfile.TemporaryDirectory(prefix="hanse-deals-") as folder:
        async with Ground(Path(folder)) as ground:
            return await run_all(ground, plans)


async def hunt_all(told: Asked) -> Counts:
    """Runs what is asked for.

    Raises:
        ExceptionGroup: As `hunt` does; the other hunts are broken off.
    """
    plans, counts = map(drawn, seeds(told.first, told.runs)), Counts()
    for one in await at_once(told.hunts, lambda: hunt(plans)):
        counts.add_all(one)
    if told.note:
        report.note_deals(counts, told.first)
    return counts


if __name__ == "__main__":
    told = asked(__doc__)
    sys.exit(ended(lambda: hunt_all(told)))
