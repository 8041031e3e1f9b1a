"""Runs pytest again and again, each time in a fork of a process that has imported what all of the runs need.

Most of what a short run takes is importing. What differs from run to run must not be imported before.
"""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Self

import pytest
from _pytest.config import default_plugins

OTHERS = (
    "asyncpg", "click", "cryptography.hazmat.primitives.ciphers.aead", "cryptography.x509", "hypothesis", "msgspec",
    "psutil", "rich.console", "rich.table", "uvloop",
)  # fmt: skip
"""What is not ours, and most tests need."""

OPTIONS = ("-q", "-p", "no:cacheprovider", "-p", "no:doctest", "-p", "pytest_asyncio.plugin")
ALONE = {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTEST_ADDOPTS": ""}
"""No run here needs another plugin, and loading all that are installed takes a while."""


class ForkedPytest:
    """The process that forks, as long as the block lasts.

    Args:
        modules: What of ours is imported once for all runs.
        environment: Of all of them, beside what is there.
    """

    def __init__(self, *modules: str, **environment: str) -> None:
        self._forker = subprocess.Popen(
            (sys.executable, "-P", __file__, *modules),
            env=os.environ | ALONE | environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._forker.communicate()

    def run(
        self, folder: Path, *arguments: str, seconds: int = 60, **environment: str
    ) -> tuple[int, str]:
        """The exit code of a run in a folder, and what it said; negative if it took too long."""
        order = {
            "folder": str(folder),
            "arguments": [*OPTIONS, *arguments],
            "environment": environment,
            "seconds": seconds,
        }
        assert self._forker.stdin is not None
        assert self._forker.stdout is not None
        print(json.dumps(order), file=self._forker.stdin, flush=True)
        code, said = json.loads(self._forker.stdout.readline())
        return code, said


def run(order: dict[str, Any]) -> tuple[int, str]:
    """Forks for one run, and waits for its end."""
    with tempfile.TemporaryFile("w+") as said:
        pid = os.fork()
        if not pid:
            os.setsid()
            os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
            os.dup2(said.fileno(), 1)
            os.dup2(said.fileno(), 2)
            os.environ.update(order["environment"])
            os.chdir(order["folder"])
            signal.alarm(order["seconds"])
            sys.exit(pytest.main(order["arguments"]))
        _, status = os.waitpid(pid, 0)
        said.seek(0)
        return os.waitstatus_to_exitcode(status), said.read()


def main() -> None:
    for name in (*(f"_pytest.{name}" for name in default_plugins), *OTHERS, *sys.argv[1:]):
        importlib.import_module(name)
    while line := sys.stdin.readline():
        print(json.dumps(run(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
