"""Starts a fleet of generated services, has users ask all of them, and changes one meanwhile."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time
from typing import TYPE_CHECKING, Any, NamedTuple

from drills.command import control_seconds, deployed, down, hanse, up, users
from drills.fleet.gauge import gateway_bytes, write_memory
from drills.fleet.graph import Node, graph
from drills.fleet.project import asks, contract, write_project, write_release
from drills.fleet.shifts import shift

if TYPE_CHECKING:
    from pathlib import Path

UP_SECONDS = 3600.0
DEPLOY_SECONDS = 900.0
"""For the deployment; then it is ended by hand, and nothing has decided it."""

LOOK_SECONDS = 5.0
USERS = 64

RACERS = 8
"""How many ask one service without a pause, to see how much it can do."""

ROUNDS = ("first", "last", "last", "first")
"""In this order, so that what drifts meanwhile is neither's."""

NONE = {"begun": 0.0, "ended": 0.0, "state": "none", "says": "Nothing was."}


class Size(NamedTuple):
    """How large the fleet is.

    Attributes:
        services: How many.
        hosts: So many share them evenly.
        rate: Requests a second to all of them together.
        seconds: For which users ask at least; a deployment that takes longer is waited for.
        race: Seconds of each round in which one service is asked without a pause.
        deploy: 0 for no deployment.
        seed: Of who calls whom, and of what things cost.
    """

    services: int = 3000
    hosts: int = 60
    rate: float = 1000.0
    seconds: float = 300.0
    race: float = 15.0
    deploy: int = 1
    seed: int = 1


def run(folder: Path, size: Size) -> None:
    """Does it; leaves `users/requests.log`, `memory.log`, `shifts.log`, `race-*/` and `fleet.json` in the folder."""
    project, nodes = folder / "project", graph(size.services, size.seed)
    write_project(project, nodes, size.hosts)
    _say(f"{size.services} services in {size.hosts} hosts are written; starting them")
    try:
        begun = time.time()
        fleet = up(project, UP_SECONDS)
        started = time.time()
        _say(f"started after {started - begun:.0f} s")
        hanse(project, "deployments", "list", seconds=UP_SECONDS)  # begins what deploys
        done = _under_load(folder, nodes, size, fleet["url"])
        _shift(folder, project, nodes[0])
        _race(folder, nodes, size, fleet["url"])
        told = {"size": size._asdict(), "begun": begun, "started": started, **done}
        (folder / "fleet.json").write_text(json.dumps(told))
    finally:
        down(project)


def _under_load(folder: Path, nodes: list[Node], size: Size, url: str) -> dict[str, Any]:
    """Users ask all services, and one of them is deployed."""
    project, one = folder / "project", nodes[len(nodes) // 2]
    used = control_seconds(project)
    over = threading.Event()
    gauge = threading.Thread(target=_gauge, args=(folder, over))
    gauge.start()
    try:
        begun = time.time()
        each = size.rate / size.services
        with users(folder / "users", url, asks(nodes, nodes), each, users=USERS):
            over.wait(size.seconds / 5)
            done = _deploy(project, one) if size.deploy else NONE
            over.wait(max(0.0, begun + size.seconds - time.time()))
        ended = time.time()
    finally:
        over.set()
        gauge.join()
    return {
        "load": [begun, ended],
        "deployed": done,
        "control_seconds": control_seconds(project) - used,
    }


def _deploy(project: Path, node: Node) -> dict[str, Any]:
    write_release(project, node, 2)
    _say(f"deploying {node.name}")
    begun = time.time()
    found = deployed(project, contract(node), DEPLOY_SECONDS)
    ended = time.time()
    _say(f"{node.name}: {found['state']} after {ended - begun:.0f} s")
    return {"begun": begun, "ended": ended, "state": found["state"], "says": found["says"]}


def _gauge(folder: Path, over: threading.Event) -> None:
    """Writes down who has how much memory, as long as users ask."""
    with (folder / "memory.log").open("w", encoding="utf-8") as log:
        while True:
            write_memory(folder / "project", log)
            if over.wait(LOOK_SECONDS):
                return


def _shift(folder: Path, project: Path, node: Node) -> None:
    """Shares change while nothing else does; what Envoy was sent for it is written down."""
    write_release(project, node, 2)
    with (folder / "shifts.log").open("w", encoding="utf-8") as log:
        for share, sent in asyncio.run(shift(project, contract(node), gateway_bytes)):
            log.write(f"{share} {sent}\n")
            _say(f"a share of {share:g} was {sent} bytes")
    write_release(project, node, 1)


def _race(folder: Path, nodes: list[Node], size: Size, url: str) -> None:
    """The first and the last service, each asked for all it can do."""
    racers = {"first": nodes[0], "last": nodes[-1]}
    for number, name in enumerate(ROUNDS):
        plain = asks([racers[name]], nodes)[:1]
        place = folder / f"race-{number}-{name}"
        with users(place, url, plain, 0.0, users=RACERS, seconds=size.race):
            _say(f"asking the {name} service for all it can do")


def _say(words: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')}  {words}\n")
