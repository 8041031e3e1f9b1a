"""What a drill does with a project: commands of `hanse`, users, and what its processes use."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

LOAD = Path(__file__).parent / "load.py"
CONTROL = (
    "hanse.fleet.control.keeper",
    "hanse.fleet.control.main",
    "hanse.fleet.control.region.main",
    "hanse.fleet.deployments.main",
)
"""The control plane: the head, what keeps it, the control of each region, and what deploys."""

BUSY = ("ended meanwhile", "does not answer")
"""What is said where control has too much to do to answer in time."""


class SaidNoError(RuntimeError):
    """A command was refused; what it said is the text."""


def hanse(folder: Path, *arguments: str, seconds: float = 120.0) -> Any:
    """What a command says as JSON, however it ended.

    Raises:
        SaidNoError: It is refused.
        subprocess.TimeoutExpired: It takes longer.
    """
    done = subprocess.run(
        [sys.executable, "-m", "hanse.cli", *arguments, "--json"],
        cwd=folder, capture_output=True, text=True, timeout=seconds, check=False,
        start_new_session=True,
    )  # fmt: skip
    if not done.stdout:
        raise SaidNoError(f"hanse {' '.join(arguments)}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def up(folder: Path, seconds: float, regions: int = 1) -> Any:
    """Starts a fleet; where control is too busy to answer, whoever waited begins again to wait.

    Raises:
        SaidNoError: It does not start.
        subprocess.TimeoutExpired: It takes longer.
    """
    until = time.monotonic() + seconds
    where = ("--regions", str(regions)) if regions > 1 else ()
    while True:
        try:
            return hanse(folder, "up", *where, seconds=max(1.0, until - time.monotonic()))
        except SaidNoError as error:
            if not any(words in str(error) for words in BUSY):
                raise


def deployed(folder: Path, service: str, patience: float) -> dict[str, Any]:
    """How a deployment came out; one that takes longer than so many seconds is ended by hand.

    Raises:
        SaidNoError: It is refused before it begins.
        subprocess.TimeoutExpired: It takes longer, and nobody knows of it.
    """
    try:
        return hanse(folder, "deploy", service, seconds=patience)
    except subprocess.TimeoutExpired:
        for one in hanse(folder, "deployments", "list"):
            if service in one["groups"] and one["state"] in {"running", "paused", "waiting"}:
                return _ended_by_hand(folder, one["name"])
        raise


def _ended_by_hand(folder: Path, name: str) -> dict[str, Any]:
    subprocess.run(
        [sys.executable, "-m", "hanse.cli", "deployments", "abort", name],
        cwd=folder, check=False, capture_output=True, start_new_session=True,
    )  # fmt: skip
    return hanse(folder, "deployments", "follow", name, seconds=300)


def end_commands() -> None:
    """Ends all commands that somebody here waits for; what they began goes on."""
    for one in psutil.Process().children():
        with suppress(psutil.Error):
            if "hanse.cli" in one.cmdline():
                one.kill()


def down(folder: Path) -> None:
    """Ends a fleet, whatever state it is in."""
    subprocess.run(
        [sys.executable, "-m", "hanse.cli", "down"], cwd=folder, check=False, capture_output=True
    )


@contextmanager
def users(
    folder: Path, url: str, asks: list[dict[str, Any]], rate: float, **more: Any
) -> Generator[subprocess.Popen[bytes]]:
    """Users, as long as the block lasts; all they ask is in `requests.log` of the folder.

    Args:
        folder: Where their order and their log are written; of these users alone.
        url: Of the gateway.
        asks: See `drills.load.Ask`.
        rate: Requests a second of each name.
        **more: See `drills.load.Order`.
    """
    folder.mkdir(parents=True, exist_ok=True)
    over = folder / "over"
    over.unlink(missing_ok=True)
    order = {"port": int(url.rpartition(":")[2]), "asks": asks, "rate": rate, "over": str(over)}
    (folder / "load.json").write_text(json.dumps(order | more))
    command = [sys.executable, "-I", LOAD, folder / "load.json", folder / "requests.log"]
    asking = subprocess.Popen(command, start_new_session=True)  # Ctrl-C is for who drills
    try:
        yield asking
    finally:
        if not more.get("seconds"):
            over.touch()
        asking.wait(timeout=60 + more.get("seconds", 0))


def processes(folder: Path) -> Iterator[psutil.Process]:
    """All that work in a project's folder."""
    for one in psutil.process_iter():
        try:
            if Path(one.cwd()).is_relative_to(folder):
                yield one
        except psutil.Error:
            continue


class ControlTime:
    """Processor time of the control plane; of builds, which are processes of their own, none.

    Args:
        folder: Of the project.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[tuple[int, float], float] = {}

    def seconds(self) -> float:
        """Until now, of those too that have ended since they were seen."""
        for one in processes(self._folder):
            with suppress(psutil.Error):
                if not set(CONTROL).isdisjoint(one.cmdline()):
                    self._known[one.pid, one.create_time()] = sum(one.cpu_times()[:2])
        return sum(self._known.values())


def control_seconds(folder: Path) -> float:
    """Processor time of the control processes there are; see `ControlTime`."""
    return ControlTime(folder).seconds()
