"""Writes down what the last long runs came to: docs/faults.json, and from that the tables of docs/faults.md."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.faults.deals.runs import Counts

ROOT = Path(__file__).parents[3]
KEPT = ROOT / "docs" / "faults.json"
PAGE = ROOT / "docs" / "faults.md"
MARK = "<!-- what follows is written by tests/faults/deals/report.py -->\n"
VICTIMS = {
    "host": "the host",
    "nats": "NATS",
    "postgres": "PostgreSQL",
    "all": "all of them at once",
    "nobody": "nobody: the host stands still, others go on, it wakes",
}


def note_runs(counts: Counts, first: int) -> None:
    """What runs came to, none of which found anything."""
    points = {point or "(any moment)": times for point, times in sorted(counts.points.items())}
    _note(
        "runs",
        first=first,
        last=first + counts.runs - 1,
        errands=counts.errands,
        points=points,
        whom=dict(counts.whom),
        asked=dict(counts.asked),
        again=dict(counts.again),
    )


def note_sabotaged(needed: dict[str, int]) -> None:
    """How many seeds it took to notice each build that was broken on purpose."""
    _note("sabotaged", needed=needed)


def _note(name: str, **what: Any) -> None:
    kept = json.loads(KEPT.read_text()) if KEPT.exists() else {}
    kept[name] = {"date": f"{datetime.now(UTC):%Y-%m-%d}", "commit": _commit(), **what}
    KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n")
    PAGE.write_text(page(PAGE.read_text(), kept))


def page(text: str, kept: dict[str, Any]) -> str:
    """The page with its tables made anew."""
    parts = [text.partition(MARK)[0] + MARK]
    if runs := kept.get("runs"):
        parts += [_runs(runs)]
    if sabotaged := kept.get("sabotaged"):
        parts += [_sabotaged(sabotaged)]
    return "\n".join(parts)


def _runs(runs: dict[str, Any]) -> str:
    count = runs["last"] - runs["first"] + 1
    pay, mail = (runs["asked"].get(what, 0) for what in ("pay", "mail"))
    pay_twice, mail_twice = (runs["again"].get(what, 0) for what in ("pay", "mail"))
    return "\n".join(
        (
            "## The last long run",
            "",
            f"{runs['date']}, commit {runs['commit']}: {count:,} runs, seeds {runs['first']} to "
            f"{runs['last']}, {runs['errands']:,} answered requests. Nothing was lost, invented, "
            "done twice, out of order or stuck.",
            "",
            f"Outside, {pay:,} payments and {mail:,} letters were asked for. {pay_twice:,} payments "
            f"and {mail_twice:,} letters were asked for once more, each under the key it had: who "
            "honours keys did each once. Who does not has done so many twice.",
            "",
            *_table("killed", "runs", {VICTIMS[one]: n for one, n in runs["whom"].items()}),
            "",
            *_table("where the host stood then", "runs", runs["points"]),
            "",
        )
    )


def _sabotaged(sabotaged: dict[str, Any]) -> str:
    return "\n".join(
        (
            "## Builds that were broken on purpose",
            "",
            f"{sabotaged['date']}, commit {sabotaged['commit']}.",
            "",
            *_table("what was broken", "noticed by seed number", sabotaged["needed"]),
            "",
        )
    )


def _table(one: str, other: str, rows: dict[str, int]) -> list[str]:
    lines = [f"| {name} | {number:,} |" for name, number in rows.items()]
    return [f"| {one} | {other} |", "|---|---:|", *lines]


def _commit() -> str:
    def said(*words: str) -> str:
        command = ("git", *words)
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout

    changed = said("status", "--porcelain", "--", "src", "tests").strip()
    return said("rev-parse", "--short=10", "HEAD").strip() + (", changed" if changed else "")
