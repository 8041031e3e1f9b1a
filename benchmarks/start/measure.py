"""The benchmark `start`: time to the first answer, and memory by number of services."""

from __future__ import annotations

import http.client
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks import machine
from benchmarks.environment import say
from benchmarks.load import LoadError
from benchmarks.report import Measured
from benchmarks.result import Result, limit
from benchmarks.server import START_SECONDS_MAX, Server, ServerError
from benchmarks.start import generated

if TYPE_CHECKING:
    from benchmarks.rounds import Timing

HERE = Path(__file__).parent
HANSE = "hanse"
PEER = "fastapi"
COUNTS = (1, 100, 1000)
STARTS = 10

START_SECONDS_GOAL = 0.6
FIRST_MB_GOAL = 60.0
FURTHER_KB_GOAL = 60.0

METHOD = """\
A host is spawned on core 0 and asked from core 1 until its first right answer; median of ten,
byte code already compiled. Memory is the proportional set size (PSS) of all its processes from
smaps_rollup, after that first answer, for 1, 100 and 1,000 services generated from one text:
each a module with five methods and five types of its own. "per further service" is (PSS of
1,000 - PSS of 1) / 999. Since a host may build things when they are first used, the same is
shown after one method of every service has answered. MB and kB are decimal."""


class Start(msgspec.Struct, frozen=True):
    """One start of one host. `used_bytes` is the PSS after every service has answered once."""

    peer: str
    services: int
    seconds: float
    pss_bytes: int
    private_bytes: int
    used_bytes: int


def measure(timing: Timing) -> Measured:
    """Run the whole benchmark; a quick one starts fewer hosts.

    Raises:
        LoadError: An answer was wrong.
        ServerError: A server did not start.
    """
    names = [name for name in (PEER, HANSE) if (HERE / f"{name}_host.py").exists()]
    starts: list[Start] = []
    with tempfile.TemporaryDirectory() as parent:
        for name in names:
            folder = Path(parent) / name
            folder.mkdir()
            generated.write(HERE / f"{name}_service.py", folder, max(COUNTS))
        for count in COUNTS:
            for name in names:
                _start(name, Path(parent) / name, count)  # compiles the byte code
        for turn in range(STARTS if timing.rounds > 1 else 2):
            for name in names:
                starts.append(_start(name, Path(parent) / name, 1))
                say(f"  start {turn + 1} {name}: {starts[-1].seconds:.3f} s")
        for count in COUNTS[1:]:
            for name in names:
                starts.append(_start(name, Path(parent) / name, count))
                say(f"  {count} services {name}: {starts[-1].pss_bytes / 1e6:.1f} MB")
    return Measured(name="start", method=METHOD, results=results(starts), rounds=[*starts])


def results(starts: list[Start]) -> list[Result]:
    """Each figure against its bound, and beside FastAPI's for information."""
    seconds, first = _median(starts, 1, "seconds"), _median(starts, 1, "pss_bytes")
    further = {name: _further_kb(starts, name, "pss_bytes") for name in (PEER, HANSE)}
    used = {name: _further_kb(starts, name, "used_bytes") for name in (PEER, HANSE)}
    hundred = _median(starts, 100, "pss_bytes")
    megabytes = {name: _scaled(value, 1e6) for name, value in first.items()}
    return [
        limit("first_answer", "s", value=seconds[HANSE], at_most=START_SECONDS_GOAL),
        limit("pss_1_service", "MB", value=megabytes[HANSE], at_most=FIRST_MB_GOAL),
        limit("pss_per_further_service", "kB", value=further[HANSE], at_most=FURTHER_KB_GOAL),
        _beside("first_answer", "s", seconds),
        _beside("pss_1_service", "MB", megabytes),
        _beside("pss_100_services", "MB", {n: _scaled(v, 1e6) for n, v in hundred.items()}),
        _beside("pss_per_further_service", "kB", further),
        _beside("pss_per_further_service_used", "kB", used),
    ]


def _beside(metric: str, unit: str, values: dict[str, float | None]) -> Result:
    return Result(
        metric=metric,
        unit=unit,
        better="lower",
        value=values[HANSE],
        peer=PEER,
        peer_value=values[PEER],
    )


def _median(starts: list[Start], services: int, field: str) -> dict[str, float | None]:
    medians: dict[str, float | None] = {}
    for name in (PEER, HANSE):
        chosen = [s for s in starts if s.peer == name and s.services == services]
        medians[name] = statistics.median(getattr(s, field) for s in chosen) if chosen else None
    return medians


def _further_kb(starts: list[Start], name: str, field: str) -> float | None:
    one, most = _median(starts, 1, field)[name], _median(starts, max(COUNTS), field)[name]
    if one is None or most is None:
        return None
    return (most - one) / (max(COUNTS) - 1) / 1e3


def _scaled(value: float | None, unit: float) -> float | None:
    return None if value is None else value / unit


def _start(name: str, folder: Path, services: int) -> Start:
    settings = {"BENCH_GENERATED": str(folder), "BENCH_SERVICES": str(services)}
    server = Server(f"benchmarks.start.{name}_host", settings)
    began = time.perf_counter()
    server.start()
    try:
        _wait_for_answer(server, services)
        seconds = time.perf_counter() - began
        pss, private = machine.pss_bytes(server.pid), machine.private_bytes(server.pid)
        for number in range(1, services + 1):
            _ask(server.port, number)
        used = machine.pss_bytes(server.pid)
    finally:
        server.stop()
    return Start(name, services, seconds, pss, private, used)


def _wait_for_answer(server: Server, number: int) -> None:
    until = time.perf_counter() + START_SECONDS_MAX
    while time.perf_counter() < until:
        try:
            return _ask(server.port, number)
        except ConnectionError:
            server.check()
            time.sleep(0.001)
    raise ServerError(f"{server.module} did not answer in time: {server.last_words()}")


def _ask(port: int, number: int) -> None:
    """Read one thing of one service, by its resource path."""
    # A thousand FastAPI routers take many seconds over their very first request.
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START_SECONDS_MAX)
    try:
        connection.request("GET", f"/shop{number:04d}/v1/things/seven")
        response = connection.getresponse()
        body = response.read()
    except TimeoutError as error:
        raise LoadError(f"service {number} did not answer in time") from error
    finally:
        connection.close()
    if response.status != 200 or json.loads(body)["id"] != "seven":
        raise LoadError(f"service {number} answered {response.status} {body[:200]!r}")
