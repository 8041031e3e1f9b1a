"""Writes down what the last long runs came to: docs/faults.json, and from that the tables of docs/faults.md."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.faults.deals.runs import Counts as DealCounts
    from tests.faults.kills.hunt import Counts as KillCounts

ROOT = Path(__file__).parents[2]
KEPT = ROOT / "docs" / "faults.json"
PAGE = ROOT / "docs" / "faults.md"
MARK = "<!-- what follows is written by tests/faults/report.py -->\n"
VICTIMS = {
    "host": "the host",
    "nats": "NATS",
    "postgres": "PostgreSQL",
    "both": "both at once",
    "all": "all of them at once",
    "nobody": "nobody: the host stands still, others go on, it wakes",
}


def note_kills(counts: KillCounts, first: int) -> None:
    """What runs of data came to, none of which found anything."""
    _note(
        "kills",
        first=first,
        last=first + counts.runs - 1,
        words=dict(counts.words),
        whom=dict(counts.whom),
        points=dict(sorted(counts.points.items())),
    )


def note_deals(counts: DealCounts, first: int) -> None:
    """What runs of events and workflows came to, none of which found anything."""
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
    if kills := kept.get("kills"):
        parts += [_kills(kills)]
    if runs := kept.get("runs"):
        parts += [_runs(runs)]
    if sabotaged := kept.get("sabotaged"):
        parts += [_sabotaged(sabotaged)]
    return "\n".join(parts)


def _kills(kills: dict[str, Any]) -> str:
    count = kills["last"] - kills["first"] + 1
    words = kills["words"]
    return "\n".join(
        (
            "## The last long run of data",
            "",
            f"{kills['date']}, commit {kills['commit']}: {count:,} runs, seeds {kills['first']} to "
            f"{kills['last']}. {words['done']:,} requests were acknowledged, {words['refused']:,} "
            f"refused, and of {words['unknown']:,} nobody was told what became of them; "
            f"{words['again']:,} were asked for once more under their key. Nothing was lost, "
            "invented, done by halves or done twice.",
            "",
            *_table("killed", "runs", {VICTIMS[one]: n for one, n in kills["whom"].items()}),
            "",
            *_table("where the host stood then", "runs", kills["points"]),
            "",
        )
    )


def _runs(runs: dict[str, Any]) -> str:
    count = runs["last"] - runs["first"] + 1
    pay, mail = (runs["asked"].get(what, 0) for what in ("pay", "mail"))
    pay_twice, mail_twice = (runs["again"].get(what, 0) for what in ("pay", "mail"))
    return "\n".join(
        (
            "## The last long run of events and workflows",
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
