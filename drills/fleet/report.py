"""From what a fleet left behind to its report: everything is recomputed from the raw logs."""

from __future__ import annotations

import json
import statistics
from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any

from drills.drill import Goal, met
from drills.fleet.graph import graph, shape
from drills.requests_log import read_log

if TYPE_CHECKING:
    from pathlib import Path

    from drills.requests_log import Request

GOALS = {
    "failed": Goal("requests that failed", "at most", 0),
    "failed_by_deploying": Goal("of these while one service was deployed", "at most", 0),
    "of_the_rate": Goal("requests a second, of what was asked for", "at least", 0.98),
    "deployed": Goal("services deployed alone", "at least", 1),
    "shift_bytes": Goal("bytes of a weight shift, at most", "at most", 10_000),
    "last_of_first": Goal("throughput of the last service, of the first's", "at least", 0.8),
}
SETTLED = frozenset({"settled", "done"})
BUCKET_SECONDS = 5


def report(folder: Path) -> dict[str, Any]:
    """All figures of a fleet."""
    told = json.loads((folder / "fleet.json").read_text())
    size, (begun, ended) = told["size"], told["load"]
    requests = read_log(folder / "users/requests.log")
    shifts = [int(line.split()[1]) for line in (folder / "shifts.log").read_text().splitlines()]
    failed = [one for one in requests if one.came_to != "ok"]
    deployed = told["deployed"]
    figures = {
        "requests": len(requests),
        "failed": len(failed),
        "failed_by_deploying": sum(
            deployed["begun"] <= one.at <= deployed["ended"] for one in failed
        ),
        "came_to": dict(Counter(one.came_to for one in requests)),
        "of_the_rate": len(requests) / (ended - begun) / size["rate"],
        "requests_per_second": len(requests) / (ended - begun),
        "deployed": int(deployed["state"] in SETTLED),
        "deploy_seconds": deployed["ended"] - deployed["begun"],
        "deploy_says": deployed["says"],
        "start_seconds": told["started"] - told["begun"],
        "shift_bytes": max(shifts),
        "shift_bytes_median": statistics.median(shifts),
        "control_plane_cpu": told["control_seconds"] / (ended - begun),
        **_race(folder),
        **_latency(requests),
    }
    return {
        **figures,
        "size": size,
        "met": met(figures, GOALS),
        "memory": _memory(folder),
        "graph": shape(graph(size["services"], size["seed"])),
        "over_time": _over_time(requests, begun),
        "deployment": [deployed["begun"] - begun, deployed["ended"] - begun],
    }


def _race(folder: Path) -> dict[str, float]:
    """Requests a second of the first and of the last service, all rounds of each together."""
    found: dict[str, list[float]] = defaultdict(list)
    for place in sorted(folder.glob("race-*")):
        requests = [one for one in read_log(place / "requests.log") if one.came_to == "ok"]
        seconds = max(one.at + one.seconds for one in requests) - min(one.at for one in requests)
        found[place.name.rpartition("-")[2]].append(len(requests) / seconds)
    first, last = (statistics.mean(found[name]) for name in ("first", "last"))
    return {"first_per_second": first, "last_per_second": last, "last_of_first": last / first}


def _latency(requests: list[Request]) -> dict[str, float]:
    order = sorted(one.seconds for one in requests)
    return {
        f"{name}_ms": 1000 * order[min(len(order) - 1, int(part * len(order)))]
        for name, part in (("p50", 0.5), ("p99", 0.99), ("p999", 0.999))
    }


def _memory(folder: Path) -> dict[str, dict[str, int]]:
    """Of each kind of process, how many there were at the last look before a deployment, and the most they had together."""
    found: dict[str, dict[str, int]] = {}
    at_once: Counter[str] = Counter()
    for line in (folder / "memory.log").read_text().splitlines():
        at, kind, number, held = line.split()
        if kind == "other":  # the commands that look
            continue
        most = found.setdefault(kind, {"processes": int(number), "bytes": 0})
        most["bytes"] = max(most["bytes"], int(held))
        at_once[at] += int(held)
    found["all"] = {
        "processes": sum(one["processes"] for one in found.values()),
        "bytes": max(at_once.values()),
    }
    return found


def _over_time(requests: list[Request], begun: float) -> list[list[float]]:
    """Of each five seconds: their begin, requests a second, the p99 in milliseconds, and failures."""
    buckets: dict[int, list[Request]] = defaultdict(list)
    for one in requests:
        buckets[int((one.at - begun) // BUCKET_SECONDS)].append(one)
    return [
        [
            float(number * BUCKET_SECONDS),
            len(some) / BUCKET_SECONDS,
            _latency(some)["p99_ms"],
            float(sum(one.came_to != "ok" for one in some)),
        ]
        for number, some in sorted(buckets.items())
    ]
