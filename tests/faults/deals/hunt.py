"""Runs seeds until something is wrong or there were so many: `python -m tests.faults.deals.hunt --runs 2000 --first 1000`.

`--note` has what came of it written into docs/faults.json, from which docs/faults.md is made.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import tempfile
import traceback
from collections.abc import Iterator
from pathlib import Path

from tests.faults.deals import report
from tests.faults.deals.ground import Ground
from tests.faults.deals.runs import Counts, run_all
from tests.faults.deals.scene import Plan, drawn

SHOWN = 50
"""Runs between two words about how far it is."""


def plans(first: int, runs: int) -> Iterator[Plan]:
    """Those of seeds one after another, and a word about it now and then."""
    for seed in range(first, first + runs):
        if (seed - first) % SHOWN == 0:
            print(f"seed {seed}", file=sys.stderr, flush=True)
        yield drawn(seed)


async def hunt(drawn: Iterator[Plan]) -> Counts:
    """Runs plans on a ground of their own, until there are no more.

    Raises:
        AssertionError: Something is wrong, with a note of the seed.
    """
    with tempfile.TemporaryDirectory(prefix="hanse-deals-") as folder:
        async with Ground(Path(folder)) as ground:
            return await run_all(ground, drawn)


async def hunt_at_once(hunts: int, drawn: Iterator[Plan]) -> Counts:
    """The same on several grounds, each of which takes the next plan there is.

    Raises:
        ExceptionGroup: As `hunt` does; the other hunts are broken off.
    """
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(hunt(drawn)) for _ in range(hunts)]
    counts = Counts()
    for task in tasks:
        counts.add_all(task.result())
    return counts


def main() -> int:
    """Runs what is asked for; 1 where something is wrong."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--runs", type=int, default=2000)
    given.add_argument("--first", type=int, default=int(os.environ.get("HANSE_TEST_SEED", "1000")))
    given.add_argument("--at-once", type=int, default=1)
    given.add_argument("--note", action="store_true")
    asked = given.parse_args()
    try:
        counts = asyncio.run(hunt_at_once(asked.at_once, plans(asked.first, asked.runs)))
    except Exception:  # noqa: BLE001  whatever it is, it is told with its seed
        traceback.print_exc()
        return 1
    if asked.note:
        report.note_runs(counts, asked.first)
    print(counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
