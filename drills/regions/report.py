"""From what the drill left behind to its report: everything is recomputed from the raw logs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from drills.drill import Goal, met
from drills.requests_log import read_log

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from drills.requests_log import Request

GOALS = {
    "drain_failures": Goal("requests failed by draining and ending a region", "at most", 0),
    "kill_others_share": Goal("killed region: failed at other gateways, share", "below", 0.001),
    "kill_others_seconds": Goal("killed region: seconds in which they failed", "below", 1.0),
    "kill_dead_seconds": Goal("killed region: seconds its own callers failed", "below", 3.0),
    "quorum_failures": Goal("requests failed without a majority of brokers", "at most", 0),
    "quorum_refused": Goal("deployments refused for that", "at least", 1),
    "lease_failures": Goal(
        "control plane killed: requests that failed, as they should", "at least", 1
    ),
    "lease_seconds": Goal("control plane killed: seconds until no failure", "at most", 10.5),
}


def report(folder: Path) -> dict[str, Any]:
    """All figures of the drill."""
    told = json.loads((folder / "regions.json").read_text())
    logs = {name: read_log(folder / name / "requests.log") for name in told["regions"]}
    phases = {one["name"]: one for one in told["phases"]}
    kill, quorum, control = phases["kill"], phases["quorum"], phases["control"]
    others = [one for name, log in logs.items() if name != kill["region"] for one in log]
    own = logs[kill["region"]]
    everybody = [one for log in logs.values() for one in log]
    in_kill = list(_during(kill, others))
    failed = [one for one in in_kill if one.came_to != "ok"]
    found = {
        "requests": len(everybody),
        "drain_failures": _failures(phases["drain"], everybody),
        "kill_others_share": len(failed) / max(1, len(in_kill)),
        "kill_others_seconds": _last_failure(kill, others),
        "kill_dead_seconds": _last_failure(kill, own),
        "kill_dead_failures": _failures(kill, own),
        "quorum_failures": _failures(quorum, everybody),
        "quorum_refused": int(_is_refused(quorum["deploy"])),
        "lease_seconds": _last_failure(control, everybody),
        "lease_failures": _failures(control, everybody),
    }
    return {
        **found,
        "size": told["size"],
        "deploy_refused": quorum["deploy"]["says"],
        "met": met(found, GOALS),
        "phases": told["phases"],
        "seconds": _by_second(logs),
    }


def _is_refused(deploy: dict[str, Any]) -> bool:
    """And for want of brokers, not for anything else."""
    return deploy["state"] not in {"settled", "done"} and "Most brokers" in deploy["says"]


def _during(phase: dict[str, Any], requests: Iterable[Request]) -> Iterable[Request]:
    return (one for one in requests if phase["begun"] <= one.at < phase["ended"])


def _failures(phase: dict[str, Any], requests: Iterable[Request]) -> int:
    return sum(one.came_to != "ok" for one in _during(phase, requests))


def _last_failure(phase: dict[str, Any], requests: Iterable[Request]) -> float:
    """Seconds from the kill until the last request that failed was answered, or given up."""
    ended = [
        one.at + one.seconds
        for one in _during(phase, requests)
        if one.came_to != "ok" and one.at + one.seconds > phase["killed"]
    ]
    return max(ended, default=phase["killed"]) - phase["killed"]


def _by_second(logs: dict[str, list[Request]]) -> dict[str, list[tuple[int, int, int]]]:
    """Second, requests and failures, by gateway."""
    found: dict[str, list[tuple[int, int, int]]] = {}
    first = min(int(log[0].at) for log in logs.values() if log)
    for name, log in logs.items():
        counted: dict[int, list[int]] = {}
        for one in log:
            some = counted.setdefault(int(one.at) - first, [0, 0])
            some[0] += 1
            some[1] += one.came_to != "ok"
        found[name] = [(at, some[0], some[1]) for at, some in sorted(counted.items())]
    return found
