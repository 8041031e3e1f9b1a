"""A project that `hanse up` runs, in a folder of its own; nothing of it is left when it ends."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import machine
from benchmarks.server import ServerError

if TYPE_CHECKING:
    from collections.abc import Generator

VERB_SECONDS_MAX = 120.0

_TEXT = """\
[project]
name = "measured"
services = ["work.service:Work"]

[placement]
replicas = {replicas}

[gateway]
port = 0
tls_port = "off"

[gateway.limits]
per_address = {{ requests_per_second = 0 }}
per_key = {{ requests_per_second = 0 }}
"""


class Project:
    """One project, and what is asked of it by the command line."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0

    def up(self) -> float:
        """Seconds that `hanse up` took."""
        seconds, said = self._timed("up")
        self.port = int(said["url"].rpartition(":")[2].strip("/"))
        return seconds

    def restart(self) -> float:
        """Seconds that `hanse restart` took."""
        return self._timed("restart")[0]

    def down(self) -> float:
        """Seconds that `hanse down` took."""
        return self._timed("down")[0]

    def cpu_seconds(self) -> dict[str, float]:
        """Processor time so far, by the kind of process: host, gateway, database, broker."""
        used: dict[str, float] = {}
        for one in self._timed("status")[1]["processes"]:
            if pid := one.get("pid"):
                used[one["kind"]] = used.get(one["kind"], 0.0) + machine.cpu_seconds(pid)
        return used

    def _timed(self, verb: str) -> tuple[float, Any]:
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "hanse.cli", verb, "--json"],
            cwd=self.folder,
            # Settings of whoever measures are no part of what is measured.
            env={name: value for name, value in os.environ.items() if name[:6] != "HANSE_"},
            check=False,
            capture_output=True,
            text=True,
            timeout=VERB_SECONDS_MAX,
        )
        seconds = time.perf_counter() - began
        if done.returncode != 0:
            raise ServerError(f"hanse {verb} failed: {done.stderr[-2000:]}{done.stdout[-500:]}")
        return seconds, json.loads(done.stdout)


@contextlib.contextmanager
def new_project(service: str, replicas: int = 1) -> Generator[Project]:
    """A project with one service, not yet up; it is taken down however the block ends.

    Raises:
        ServerError: It could not be taken down.
    """
    with tempfile.TemporaryDirectory(prefix="bench-fleet-") as folder:
        place = Path(folder)
        (place / "hanse.toml").write_text(_TEXT.format(replicas=replicas))
        (place / "work").mkdir()
        (place / "work" / "__init__.py").write_text("")
        (place / "work" / "service.py").write_text(service)
        project = Project(place)
        try:
            yield project
        finally:
            project.down()
