"""A small project whose fleet a test brings up, breaks and takes down."""

import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import psutil

from tests.end_to_end.terminal import fetch, hanse

PATIENCE_SECONDS = 30.0

PROJECT = """
[project]
name = "shop"
services = ["echo.service:Echo", "relay.service:Relay", "nap.service:Nap"]

[placement]
{placement}

[gateway]
port = 0
tls_port = "off"

[gateway.limits]
per_address = {{ requests_per_second = 0 }}
per_key = {{ requests_per_second = 0 }}
"""

ECHO = '''
"""Says what it is told."""

import os

from hanse import PUBLIC, Service, rpc


class Echo(Service):
    """Says what it is told."""

    @rpc("GET /echo/v1/numbers/{number}", allow=PUBLIC)
    async def number(self, number: int) -> int:
        """The same number."""
        return number

    @rpc("GET /echo/v1/pid", allow=PUBLIC)
    async def pid(self) -> int:
        """The process that answers."""
        return os.getpid()
'''

CLOSED = """
from pathlib import Path

if Path("closed").exists():
    raise SystemExit("not today")
"""
"""Above the code of a service: no host of it starts while that file is there."""

RELAY = '''
"""Asks another service."""

from hanse import PUBLIC, Service, rpc

from echo.service import Echo


class Relay(Service):
    """Asks another service."""

    def __init__(self, echo: Echo) -> None:
        self._echo = echo

    @rpc("GET /relay/v1/numbers/{number}", allow=PUBLIC)
    async def number(self, number: int) -> int:
        """What Echo says."""
        return await self._echo.number(number)

    @rpc("GET /relay/v1/pid", allow=PUBLIC)
    async def pid(self) -> int:
        """The process that Echo answers from."""
        return await self._echo.pid()
'''

NAP = '''
"""Blocks the loop, as no service should."""

import asyncio
import time
from pathlib import Path

from hanse import PUBLIC, Service, rpc


class Nap(Service):
    """Blocks the loop, as no service should."""

    @rpc("POST /nap/v1/naps", allow=PUBLIC)
    async def take(self, seconds: float) -> float:
        """Sleeps without letting others go on."""
        time.sleep(seconds)
        return seconds

    @rpc("POST /nap/v1/rests", allow=PUBLIC)
    async def rest(self) -> None:
        """Waits as long as a file is there, and lets others go on."""
        while Path("resting").exists():
            await asyncio.sleep(0.02)
'''


class Fleet:
    """The project in a folder, and what the command line says of it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.url = ""

    def hanse(self, *arguments: str, **environment: str) -> Any:
        """What a command prints as JSON; it must succeed."""
        done = hanse(*arguments, "--json", folder=self.folder, **environment)
        assert done.returncode == 0, done.stderr + self.log("control")
        return json.loads(done.stdout)

    def up(self, *arguments: str) -> dict[str, Any]:
        found = self.hanse("up", *arguments)
        self.url = found["url"]
        return found

    def status(self) -> dict[str, Any]:
        return self.hanse("status")

    def processes(self, kind: str | None = None) -> dict[str, dict[str, Any]]:
        """All processes there are, by name."""
        found = self.status()["processes"]
        return {one["name"]: one for one in found if kind in (None, one["kind"])}

    def get(self, path: str) -> Any:
        """What the gateway answers; it must be well."""
        status, text = fetch(self.url + path)
        assert status == 200, (status, text)
        return json.loads(text)

    def log(self, name: str) -> str:
        """The end of a process's log, for a failure's message."""
        with suppress(FileNotFoundError):
            return (self.folder / f".hanse/up/logs/{name}.log").read_text()[-4000:]
        return ""

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def running(self) -> list[psutil.Process]:
        """Every process that works in the project's folder, whoever started it."""
        return [
            one for one in psutil.process_iter() if one.pid != os.getpid() and self._works_here(one)
        ]

    def pids_of(self, module: str) -> list[int]:
        """Processes that run a module; those that have ended and wait to be collected do not."""
        found = []
        for one in self.running():
            with suppress(psutil.Error):
                if module in one.cmdline():
                    found.append(one.pid)
        return found

    def kill_all(self) -> None:
        for _ in range(20):
            found = self.running()
            for one in found:
                with suppress(psutil.Error):
                    one.send_signal(signal.SIGKILL)
            if not found:
                return

    def _works_here(self, process: psutil.Process) -> bool:
        with suppress(psutil.Error, OSError):
            return Path(process.cwd()).is_relative_to(self.folder)
        return False


@contextmanager
def fleet(folder: Path, placement: str = 'default = "together"') -> Iterator[Fleet]:
    """A project, of which nothing runs when the block ends."""
    made = Fleet(folder)
    made.write("hanse.toml", PROJECT.format(placement=placement))
    for name, text in (("echo", ECHO), ("relay", RELAY), ("nap", NAP)):
        made.write(f"{name}/__init__.py", "")
        made.write(f"{name}/service.py", text)
    try:
        yield made
    finally:
        made.kill_all()


def until(condition: Callable[[], Any], what: str, seconds: float = PATIENCE_SECONDS) -> Any:
    """Waits until something is so, and says what was waited for if it never is."""
    limit = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < limit, f"not in {seconds:.0f} s: {what}"
        time.sleep(0.02)
    return found
