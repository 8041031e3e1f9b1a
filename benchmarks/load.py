"""What is asked, which answers are right, and the closed-loop load of wrk over it."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

import msgspec

from benchmarks import machine

CONNECTIONS = (8, 16, 32, 64, 128)
TIMEOUT_SECONDS = 10
_SCRIPT = Path(__file__).with_name("wrk.lua")
_COUNTED = Path(__file__).with_name("counted.lua")


class LoadError(Exception):
    """The load was not answered as it must be, so its figures mean nothing."""


class Load(msgspec.Struct, frozen=True):
    """Requests that are sent in turn, and the bodies that are right answers to any of them."""

    requests: list[bytes]
    answers: list[bytes]


class WrkReport(msgspec.Struct, frozen=True):
    """What wrk saw. Latencies here are closed-loop: they show queueing, not service."""

    requests: int
    seconds: float
    wrong: int
    broken: int
    p50_us: int
    p99_us: int


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """One POST as raw HTTP/1.1 bytes, with a JSON body."""
    lines = [
        f"POST {path} HTTP/1.1",
        "Host: 127.0.0.1",
        "Content-Type: application/json",
        *(f"{name}: {value}" for name, value in headers.items()),
        f"Content-Length: {len(body)}",
    ]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def run_wrk(load: Load, *, port: int, connections: int, seconds: float) -> WrkReport:
    """Keep `connections` requests in flight for a while, from the other core.

    Raises:
        LoadError: wrk failed, or an answer was wrong or missing.
    """
    given = _as_lua(load).encode("ascii")
    return run_script(_SCRIPT, given, port=port, connections=connections, seconds=seconds)


def run_script(
    script: Path, given: bytes, *, port: int, connections: int, seconds: float
) -> WrkReport:
    """The same with another script, which finds what it is given in the file BENCH_LOAD.

    Raises:
        LoadError: wrk failed, or an answer was wrong or missing.
    """
    with tempfile.NamedTemporaryFile(suffix=".lua") as file:
        file.write(given)
        file.flush()
        done = subprocess.run(
            machine.pinned(machine.LOAD_CPU, _command(script, port, connections, seconds)),
            env={**os.environ, "BENCH_LOAD": file.name, "BENCH_COUNTED": str(_COUNTED)},
            check=False,
            capture_output=True,
            text=True,
        )
    if done.returncode != 0:
        raise LoadError(f"wrk failed: {done.stdout[-500:]} {done.stderr[-500:]}")
    *words, figures = ["", *done.stdout.strip().splitlines()]
    report = msgspec.json.decode(figures, type=WrkReport)
    if report.wrong or report.broken:
        raise LoadError(
            f"{report.wrong} wrong answers and {report.broken} broken connections "
            f"among {report.requests} requests; {words[-1]}"
        )
    return report


def _command(script: Path, port: int, connections: int, seconds: float) -> list[str]:
    return [
        "wrk",
        "--threads=1",
        f"--connections={connections}",
        f"--duration={max(1, round(seconds))}s",
        f"--timeout={TIMEOUT_SECONDS}s",
        f"--script={script}",
        f"http://127.0.0.1:{port}/",
    ]


def _as_lua(load: Load) -> str:
    """The load as a Lua file. JSON's escapes of ASCII text are Lua's, too."""
    requests = ",\n".join(json.dumps(request.decode("ascii")) for request in load.requests)
    answers = ",\n".join(f"[{json.dumps(body.decode('ascii'))}]=true" for body in load.answers)
    return f"return {{{requests}}}, {{{answers}}}\n"
