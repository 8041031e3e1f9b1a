"""What a drill does with a project: commands of `hanse`, users, and what its processes use."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

LOAD = Path(__file__).parent / "load.py"
CONTROL = ("hanse.fleet.control.keeper", "hanse.fleet.control.main", "hanse.fleet.deployments.main")


def hanse(folder: Path, *arguments: str, seconds: float = 120.0) -> Any:
    """What a command says as JSON, however it ended.

    Raises:
        RuntimeError: It says nothing.
        subprocess.TimeoutExpired: It takes longer.
    """
    done = subprocess.run(
        [sys.executable, "-m", "hanse.cli", *arguments, "--json"],
        cwd=folder, capture_output=True, text=True, timeout=seconds, check=False,
    )  # fmt: skip
    if not done.stdout:
        raise RuntimeError(f"hanse {' '.join(arguments)}: {done.stderr[-2000:]}")
    return json.loads(done.stdout)


def up(folder: Path, seconds: float) -> Any:
    """Starts a fleet; where control is too busy to answer, whoever waited begins again to wait.

    Raises:
        RuntimeError: It does not start.
        subprocess.TimeoutExpired: It takes longer.
    """
    until = time.monotonic() + seconds
    while True:
        try:
            return hanse(folder, "up", seconds=max(1.0, until - time.monotonic()))
        except RuntimeError as error:
            if "ended meanwhile" not in str(error):
                raise


def deployed(folder: Path, service: str, patience: float) -> dict[str, Any]:
    """How a deployment came out; one that takes longer than so many seconds is ended by hand."""
    name = hanse(folder, "deploy", service, "--detach")["name"]
    try:
        return hanse(folder, "deployments", "follow", name, seconds=patience)
    except subprocess.TimeoutExpired:
        subprocess.run(
            [sys.executable, "-m", "hanse.cli", "deployments", "abort", name],
            cwd=folder, check=False, capture_output=True,
        )  # fmt: skip
        return hanse(folder, "deployments", "follow", name)


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
    asking = subprocess.Popen(command)
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


def control_seconds(folder: Path) -> float:
    """Processor time of control, its keeper and the deployer."""
    found = 0.0
    for one in processes(folder):
        try:
            if not set(CONTROL).isdisjoint(one.cmdline()):
                found += sum(one.cpu_times()[:2])
        except psutil.Error:
            continue
    return found
