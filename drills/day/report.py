"""From what a day left behind to its report: everything is recomputed from the raw log."""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from drills.drill import Goal, met
from drills.requests_log import read_log

if TYPE_CHECKING:
    from pathlib import Path

    from drills.requests_log import Request

GOALS = {
    "failed_by_deploying": Goal("requests failed by deploying", "at most", 0),
    "harm_median": Goal("requests failed by a fault, median", "at most", 10),
    "false_rollbacks": Goal("good releases taken back", "at most", 1),
    "control_plane_cpu": Goal("control plane, of a core", "below", 0.02),
}
BASE = "busy"
"""What fails in every release, and is nobody's fault."""

TAKEN_BACK = frozenset({"gone back", "failed", "refused"})


def report(folder: Path) -> dict[str, Any]:
    """All figures of a day."""
    day = json.loads((folder / "day.json").read_text())
    rows = json.loads((folder / "deployments.json").read_text())
    requests = read_log(folder / "requests.log")
    failed = [one for one in requests if one.came_to not in {"ok", BASE}]
    harm = _harm(rows, failed)
    faulty = [row for row in rows if row["fault"]]
    back = [row for row in faulty if row["state"] in TAKEN_BACK]
    good = [row for row in rows if not row["fault"]]
    reached = [row for row in good if row["state"] in {"settled", "done"}]
    seconds = day["ended"] - day["begun"]
    figures = {
        "deployments": len(rows),
        "requests": len(requests),
        "failed_by_deploying": len(failed) - sum(harm.values()),
        "faults": len(faulty),
        "faults_rolled_back": len(back),
        "harm_median": statistics.median([harm[row["number"]] for row in faulty]) if faulty else 0,
        "false_rollbacks": sum(row["state"] in TAKEN_BACK for row in good),
        "minutes_to_full_median": _median(row["ended"] - row["begun"] for row in reached) / 60,
        "control_plane_cpu": day["control_seconds"] / seconds,
        "control_seconds": day["control_seconds"] / max(1, len(rows)),
        "minutes": seconds / 60,
        "undecided": sum(row["state"] == "aborted" for row in rows),
        "base_failures": sum(one.came_to == BASE for one in requests),
    }
    return {
        **figures,
        "size": day["size"],
        "met": met(figures, GOALS),
        "classes": _classes(faulty, harm),
        "rows": [row | {"harm": harm.get(row["number"], 0)} for row in rows],
    }


def _harm(rows: list[dict[str, Any]], failed: list[Request]) -> dict[int, int]:
    """Requests that failed while a faulty release had a share of that service, by deployment.

    A failure of a service whose deployment is not faulty is one of deploying.
    """
    of_service: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["fault"]:
            of_service[row["service"]].append(row)
    harm: Counter[int] = Counter({row["number"]: 0 for row in rows if row["fault"]})
    for one in failed:
        for row in of_service[one.service]:
            if row["begun"] <= one.at <= row["ended"] + 15:
                harm[row["number"]] += 1
                break
    return dict(harm)


def _classes(faulty: list[dict[str, Any]], harm: dict[int, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in ("edge", "middling", "gross"):
        rows = [row for row in faulty if row["class"] == kind]
        if rows:
            found[kind] = {
                "faults": len(rows),
                "rolled_back": sum(row["state"] in TAKEN_BACK for row in rows),
                "harm_median": statistics.median(harm[row["number"]] for row in rows),
                "seconds_median": _median(row["ended"] - row["begun"] for row in rows),
            }
    return found


def _median(values: Any) -> float:
    found = list(values)
    return statistics.median(found) if found else 0.0
