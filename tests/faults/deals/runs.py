"""Many runs, one after another, with what is counted of them and the seed of whatever fails."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from tests.faults.deals.ground import Ground
from tests.faults.deals.scene import Plan, Run
from tests.faults.kills.ledger import Ledger


@dataclass
class Counts:
    """Of runs.

    Attributes:
        runs: How many there were.
        errands: Requests that were answered in them.
        points: Runs by the point at which a host stopped; empty for some moment.
        whom: Runs by who was killed.
        asked: What the world outside was asked for, each once.
        again: How often it was asked for that once more, which keys made good.
    """

    runs: int = 0
    errands: int = 0
    points: Counter[str] = field(default_factory=Counter)
    whom: Counter[str] = field(default_factory=Counter)
    asked: Counter[str] = field(default_factory=Counter)
    again: Counter[str] = field(default_factory=Counter)

    def add(self, plan: Plan, run: Run) -> None:
        """One more."""
        self.runs += 1
        self.errands += run.errands
        self.points[plan.point] += 1
        self.whom[plan.whom] += 1
        self.asked += run.asked
        self.again += run.again

    def add_all(self, other: Counts) -> None:
        """Those of other runs."""
        self.runs += other.runs
        self.errands += other.errands
        self.points += other.points
        self.whom += other.whom
        self.asked += other.asked
        self.again += other.again


async def run_all(ground: Ground, plans: Iterable[Plan], seconds: float = 0.0) -> Counts:
    """Runs plans until one fails; what was counted.

    Args:
        ground: Where.
        plans: Which.
        seconds: After which none is begun any more; 0 for no end.

    Raises:
        AssertionError: As `Run.run`, with a note of the plan.
    """
    counts, until = Counts(), time.monotonic() + (seconds or 1e9)
    for plan in plans:
        if time.monotonic() > until:
            break
        path = ground.folder / f"ledger-{plan.seed}"
        await run_one(ground, plan, path, counts)
        path.unlink()
    return counts


async def run_one(ground: Ground, plan: Plan, path: Path, counts: Counts) -> None:
    """Runs one plan, and begins the ground anew where it fails."""
    ledger, run = Ledger(path), None
    try:
        run = Run(ground, plan, ledger)
        await run.run()
    except Exception as error:
        error.add_note(f"{plan}; again: HANSE_TEST_SEED={plan.seed}; ledger: {path}")
        await ground.__aexit__()
        await ground.__aenter__()
        raise
    finally:
        ledger.close()
    counts.add(plan, run)
