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


async def hunt(first: int, runs: int) -> Counts:
    """Runs them on a ground of their own.

    Raises:
        AssertionError: Something is wrong, with a note of the seed.
    """
    with tempfile.TemporaryDirectory(prefix="hanse-deals-") as folder:
        async with Ground(Path(folder)) as ground:
            return await run_all(ground, plans(first, runs))


def main() -> int:
    """Runs what is asked for; 1 where something is wrong."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--runs", type=int, default=2000)
    given.add_argument("--first", type=int, default=int(os.environ.get("HANSE_TEST_SEED", "1000")))
    given.add_argument("--note", action="store_true")
    asked = given.parse_args()
    try:
        counts = asyncio.run(hunt(asked.first, asked.runs))
    except Exception:  # noqa: BLE001  whatever it is, it is told with its seed
        traceback.print_exc()
        return 1
    if asked.note:
        report.note_runs(counts, asked.first)
    print(counts)
    return 0


if __name__ == "__main__":
    sys.exit(main())
