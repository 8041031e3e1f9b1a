"""From what a day left behind to its report: everything is recomputed from the raw logs."""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple

from drills.day.faults import CLASSES
from drills.day.operators import MEANWHILE, SETTLED, UNDER_WAY
from drills.drill import Goal, met
from drills.requests_log import follow_log

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from drills.requests_log import Request

GOALS = {
    "failed_by_deploying": Goal("requests failed by deploying", "at most", 0),
    "harm_median": Goal("requests failed by a fault, median", "at most", 10),
    "faults_missed": Goal("middling and gross faults that were not taken back", "at most", 0),
    "false_rollbacks": Goal("good releases taken back", "at most", 1),
    "control_plane_cpu": Goal("control plane meanwhile, of a core", "below", 0.02),
}
BASE = "busy"
"""What fails in every release, and is nobody's fault."""

TAKEN_BACK = frozenset({"gone back", "failed", "refused"})

AFTER_SECONDS = 15.0
"""For which a fault may still be felt when it is gone: shares last for ten."""

DAY_SECONDS = 86_400.0
A_DAY = 600
"""Deployments of the day that the control plane is also reckoned for."""


class Asked(NamedTuple):
    """What the logs of all users come to.

    Attributes:
        number: Requests.
        base: Those that failed as in every release.
        failed: Those that failed otherwise.
    """

    number: int
    base: int
    failed: list[Request]


def report(folder: Path) -> dict[str, Any]:
    """All figures of a day, or of what there is of one."""
    day = json.loads((folder / "day.json").read_text())
    rows = json.loads((folder / "deployments.json").read_text())
    asked = _asked(folder, day)
    harm = _harm(rows, asked.failed)
    done = [row for row in rows if row["state"] != UNDER_WAY]
    figures = _figures(done, harm) | _of_the_whole(day, len(done))
    figures |= {
        "requests": asked.number,
        "failed_by_deploying": len(asked.failed) - sum(harm.values()),
        "base_failures": asked.base,
    }
    return {
        **figures,
        "size": day["size"],
        "whole": day["whole"],
        "met": met(figures, GOALS),
        "classes": _classes([row for row in done if row["fault"]], harm),
        "stages": _stages(done),
        "rows": [row | {"harm": harm.get(row["number"], 0)} for row in done],
    }


def is_taken_back(row: dict[str, Any]) -> bool:
    """Whether a release was found out, and not only in somebody's way."""
    return row["state"] in TAKEN_BACK and MEANWHILE not in row["says"]


def _asked(folder: Path, day: dict[str, Any]) -> Asked:
    """Reads one log after the other, and keeps what failed."""
    number, base, failed = 0, 0, list["Request"]()
    for name in day["gateways"]:
        for one in follow_log(folder / "users" / name / "requests.log", whole=day["whole"]):
            number += 1
            if one.came_to == BASE:
                base += 1
            elif one.came_to != "ok":
                failed.append(one)
    return Asked(number, base, failed)


def _figures(rows: list[dict[str, Any]], harm: dict[int, int]) -> dict[str, Any]:
    faulty = [row for row in rows if row["fault"]]
    good = [row for row in rows if not row["fault"]]
    back = [row for row in faulty if is_taken_back(row)]
    reached = [row for row in good if row["state"] in SETTLED]
    plain = [row for row in faulty if row["class"] != "edge"]
    return {
        "deployments": len(rows),
        "faults": len(faulty),
        "faults_rolled_back": len(back),
        "faults_missed": sum(not is_taken_back(row) for row in plain),
        "harm_median": _median(harm[row["number"]] for row in faulty),
        "harm_most": max((harm[row["number"]] for row in faulty), default=0),
        "false_rollbacks": sum(is_taken_back(row) for row in good),
        "minutes_to_full_median": _median(row["ended"] - row["begun"] for row in reached) / 60,
        "undecided": sum(row["state"] == "aborted" for row in rows),
        "deployed_again": sum(row["again"] for row in rows),
    }


def _of_the_whole(day: dict[str, Any], deployments: int) -> dict[str, Any]:
    """What is not of one deployment, but of all the time."""
    seconds = day["ended"] - day["begun"]
    each = max(0.0, day["control_seconds"] - day["idle_cpu"] * seconds) / max(1, deployments)
    return {
        "minutes": seconds / 60,
        "control_plane_cpu": day["control_seconds"] / seconds,
        "control_seconds": each,
        "control_plane_idle": day["idle_cpu"],
        "control_plane_cpu_24h": day["idle_cpu"] + each * A_DAY / DAY_SECONDS,
        "machine_busy": day["busy_seconds"] / seconds / day["cores"],
    }


def _harm(rows: list[dict[str, Any]], failed: list[Request]) -> dict[int, int]:
    """Requests of all gateways that failed while a service had a faulty release, by deployment.

    A failure of a service whose deployment is not faulty is one of deploying.
    """
    of_service: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        if row["fault"]:
            of_service[row["service"]].append(row)
    harm: Counter[int] = Counter({row["number"]: 0 for row in rows if row["fault"]})
    for one in failed:
        for row in of_service[one.service]:
            if row["begun"] <= one.at <= row.get("gone", row["ended"]) + AFTER_SECONDS:
                harm[row["number"]] += 1
                break
    return dict(harm)


def _classes(faulty: list[dict[str, Any]], harm: dict[int, int]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for kind in CLASSES:
        rows = [row for row in faulty if row["class"] == kind]
        if rows:
            found[kind] = {
                "faults": len(rows),
                "rolled_back": sum(is_taken_back(row) for row in rows),
                "harm_median": _median(harm[row["number"]] for row in rows),
                "harm_most": max(harm[row["number"]] for row in rows),
                "seconds_median": _median(row["ended"] - row["begun"] for row in rows),
            }
    return found


def _stages(rows: list[dict[str, Any]]) -> dict[str, float]:
    """Seconds in each stage, the median of good releases that reached everybody."""
    found: dict[str, list[float]] = defaultdict(list)
    for row in rows:
        if not row["fault"] and row["state"] in SETTLED:
            for stage, seconds in row["stages"].items():
                found[stage].append(seconds)
    return {stage: _median(some) for stage, some in found.items()}


def _median(values: Iterable[float]) -> float:
    found = list(values)
    return statistics.median(found) if found else 0.0
