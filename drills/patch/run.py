"""Starts a fleet from a copy of Hanse, changes a file of that copy, and has everybody run it."""

from __future__ import annotations

import json
import os
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from drills.command import control_seconds, down, hanse, users
from drills.fleet.graph import graph
from drills.fleet.project import asks, write_project
from drills.project import write_file

if TYPE_CHECKING:
    from collections.abc import Iterator

HANSE = Path(__file__).parents[2] / "src/hanse"
PATCHED = "runtime/server/door.py"
PATCH = '\nPATCHED = "nobody gets in by that any more"\n'

UP_SECONDS = 1800.0
BEFORE_SECONDS = 10.0
"""Of load before the patch."""

AFTER_SECONDS = 5.0
LOOK_SECONDS = 2.0
PATIENCE_SECONDS = 7200.0
"""Then it is ended by hand."""

USERS = 32
ENDS = frozenset({"done", "failed", "aborted"})


class Size(NamedTuple):
    """How large the fleet is.

    Attributes:
        services: How many.
        hosts: Groups, of a host each, that share them evenly.
        rate: Requests a second to each service.
        at_once: Groups that are under way at once.
        seed: Of who calls whom.
    """

    services: int = 200
    hosts: int = 20
    rate: float = 2.0
    at_once: int = 4
    seed: int = 1


def run(folder: Path, size: Size) -> None:
    """Does it; leaves `requests.log`, `progress.log` and `patch.json` in the folder."""
    project, copy = folder / "project", folder / "installed"
    shutil.copytree(HANSE, copy / "hanse", ignore=shutil.ignore_patterns("tests", "__pycache__"))
    os.environ["PYTHONPATH"] = str(copy)  # of all that is started from here
    nodes = graph(size.services, size.seed)
    write_project(project, nodes, size.hosts)
    settings = project / "hanse.toml"
    write_file(settings, _settings(settings.read_text(), size))
    _say(f"{size.services} services in {size.hosts} groups are written; starting them")
    try:
        fleet = hanse(project, "up", seconds=UP_SECONDS)
        if "url" not in fleet:
            raise RuntimeError(f"It does not start: {fleet}")
        hanse(project, "deployments", "list")  # begins what deploys
        used = control_seconds(project)
        with users(folder, fleet["url"], asks(nodes, nodes), size.rate, users=USERS):
            time.sleep(BEFORE_SECONDS)
            begun = time.time()
            patched = copy / "hanse" / PATCHED
            write_file(patched, patched.read_text() + PATCH)
            found = _deployed(project, folder / "progress.log")
            ended = time.time()
            time.sleep(AFTER_SECONDS)
        told = {
            "size": size._asdict(),
            "begun": begun,
            "ended": ended,
            "state": found["state"],
            "says": found["says"],
            "parts": list(_parts(project, found)),
            "control_seconds": control_seconds(project) - used,
        }
        (folder / "patch.json").write_text(json.dumps(told))
    finally:
        down(project)


def _settings(written: str, size: Size) -> str:
    """The fleet's own, and how its groups are deployed."""
    head = "[deploy]\n"
    return written.replace(head, f"{head}at_once = {size.at_once}\n")


def _deployed(project: Path, log: Path) -> dict[str, Any]:
    """Begins it with no more words than an operator has, and writes down how it goes."""
    found = hanse(project, "deploy", "--detach", seconds=1200)
    name, limit = found["name"], time.time() + PATIENCE_SECONDS
    _say(f"{name}: {found['what']}")
    said = ""
    with log.open("w", encoding="utf-8") as written:
        while found["state"] not in ENDS:
            if time.time() > limit:
                hanse(project, "deployments", "abort", name)
            time.sleep(LOOK_SECONDS)
            found = hanse(project, "deployments", "show", name)
            if found["says"] != said:
                said = found["says"]
                written.write(f"{time.time():.1f} {said.splitlines()[0]}\n")
                written.flush()
                _say(said)
    return found


def _parts(project: Path, found: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """Each group, as it was deployed."""
    for number, group in enumerate(found["groups"], 1):
        one = hanse(project, "deployments", "show", f"{found['name']}-{number}")
        if "moments" not in one:
            continue  # it was never begun
        settled = [each["at"] for each in one["moments"] if each["stage"] == "warm"]
        yield {
            "group": group,
            "state": one["state"],
            "says": one["says"],
            "begun": one["create_time"],
            "settled": settled[0] if settled else None,
        }


def _say(what: str) -> None:
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {what}\n")
