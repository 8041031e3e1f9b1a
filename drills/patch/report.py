"""From what a patch left behind to its report: everything is recomputed from the raw log."""

from __future__ import annotations

import json
import statistics
from datetime import datetime
from pathlib import Path
from typing import Any

from drills.drill import Goal, met
from drills.requests_log import Request, read_log

GOALS = {
    "failed": Goal("requests failed", "at most", 0),
    "groups_not_patched": Goal("groups that do not run it", "at most", 0),
}
THROUGH = frozenset({"settled", "done"})


def report(folder: Path) -> dict[str, Any]:
    """All figures of a patch."""
    told = json.loads((folder / "patch.json").read_text())
    size, begun, ended = told["size"], told["begun"], told["ended"]
    requests = read_log(folder / "requests.log")
    before = [one for one in requests if one.at < begun]
    meanwhile = [one for one in requests if begun <= one.at <= ended]
    parts = [_part(one) for one in told["parts"]]
    through = [one for one in parts if one["state"] in THROUGH]
    figures = {
        "services": size["services"],
        "groups": size["hosts"],
        "requests": len(requests),
        "failed": sum(one.came_to != "ok" for one in requests),
        "groups_not_patched": size["hosts"] - len(through),
        "minutes": (ended - begun) / 60,
        "minutes_a_group": statistics.median(
            [(one["settled"] - one["begun"]) / 60 for one in through if one["settled"]] or [0.0]
        ),
        "p99_before": _p99(before),
        "p99_meanwhile": _p99(meanwhile),
        "control_seconds": told["control_seconds"],
        "says": told["says"],
    }
    return {
        **figures,
        "size": size,
        "met": met(figures, GOALS),
        "begun": begun,
        "parts": parts,
        "answers": _answers(requests),
    }


def _part(one: dict[str, Any]) -> dict[str, Any]:
    settled = one["settled"]
    return one | {
        "begun": _seconds(one["begun"]),
        "settled": _seconds(settled) if settled else None,
    }


def _seconds(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()


def _p99(requests: list[Request]) -> float:
    """Milliseconds."""
    took = sorted(one.seconds for one in requests)
    return 1000 * took[int(0.99 * (len(took) - 1))] if took else 0.0


def _answers(requests: list[Request]) -> dict[str, int]:
    found: dict[str, int] = {}
    for one in requests:
        found[one.came_to] = found.get(one.came_to, 0) + 1
    return found
