"""The benchmark `calls`: load on A, A calls B for every request."""

from __future__ import annotations

import contextlib
import functools
import json
import secrets
import statistics
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from benchmarks import load, machine, rounds
from benchmarks.environment import PYTHON, ROOT, say
from benchmarks.report import Measured
from benchmarks.result import Result, limit
from benchmarks.server import Server

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

HERE = Path(__file__).parent
HANSE = "hanse"
PAIRS = {
    "httpx": ("fastapi_httpx_cart", "fastapi_stock"),
    "aiohttp": ("fastapi_aiohttp_cart", "fastapi_stock"),
    "grpc_aio": ("grpc_cart", "grpc_stock"),
    HANSE: ("hanse_cart", "hanse_stock"),
}
GOALS = {"httpx": 25.0, "aiohttp": 5.0, "grpc_aio": 5.0}
TOGETHER = "hanse_together"
TOGETHER_US_MAX = {1: 5.0, 20: 15.0}
ITEMS = (1, 20)

METHOD = """\
A takes an order of items `{sku, quantity}`, validates it, calls B with it and answers with B's
answer; B validates, too, and A checks what B says. A and B are two processes on core 0, joined
by a Unix socket for everybody; load on core 1. Callers reach A over HTTP with wrk, and over
gRPC with a grpc.aio client, both in a closed loop at each pair's own best number of requests in
flight; every answer is checked. All pairs hand the W3C trace on. Since a load client written in
Python could be the limit, calls per CPU second of A and B stand beside the rate. Goals are for
one item, twenty are for information. *Together*: time of a call in one process, validation of
argument and answer included, less that of a plain await of the same method; medians of 300 runs
of 200 calls in CPU time, made from within a running method."""


class Together(msgspec.Struct, frozen=True):
    """What the in-process measurement prints, in microseconds a call, one entry a run."""

    items: int
    plain_us: list[float]
    call_us: list[float]


class Pair:
    """A and B under load; the load goes to A."""

    def __init__(
        self, cart: Server, stock: Server, drive: Callable[[int, float], tuple[int, float]]
    ):
        self._servers = (cart, stock)
        self._drive = drive

    def cpu_seconds(self) -> float:
        return sum(server.cpu_seconds() for server in self._servers)

    def drive(self, connections: int, seconds: float) -> tuple[int, float]:
        return self._drive(connections, seconds)


def measure(timing: rounds.Timing) -> Measured:
    """Run the whole benchmark.

    Raises:
        LoadError: An answer was wrong.
        ServerError: A server did not start.
    """
    names = [name for name, (cart, _) in PAIRS.items() if (HERE / f"{cart}.py").exists()]
    results: list[Result] = []
    raw: list[object] = []
    for items in ITEMS:
        say(f"apart, {items} item(s)")
        peaks = rounds.measure_peaks(names, functools.partial(_pair, items=items), timing)
        results += _apart(peaks, items)
        raw += [msgspec.to_builtins(done) | {"items": items} for done in peaks]
    together = _together()
    raw += together
    results += [_over_plain_await(together, items) for items in ITEMS]
    return Measured(name="calls", method=METHOD, results=results, rounds=raw)


@contextlib.contextmanager
def _pair(name: str, items: int) -> Generator[Pair]:
    cart_module, stock_module = PAIRS[name]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stock.sock"
        settings = {"BENCH_UDS": str(path)}
        with (
            Server(f"benchmarks.calls.{stock_module}", settings, unix_path=path) as stock,
            Server(f"benchmarks.calls.{cart_module}", settings) as cart,
        ):
            yield Pair(cart, stock, _driver(name, cart.port, items))


def _driver(name: str, port: int, items: int) -> Callable[[int, float], tuple[int, float]]:
    asked = _orders(items)

    def wrk(connections: int, seconds: float) -> tuple[int, float]:
        report = load.run_wrk(asked, port=port, connections=connections, seconds=seconds)
        return report.requests, report.seconds

    def grpc(callers: int, seconds: float) -> tuple[int, float]:
        module = [str(PYTHON), "-m", "benchmarks.calls.grpc_load"]
        numbers = [str(port), str(callers), str(seconds), str(items)]
        done = subprocess.run(
            machine.pinned(machine.LOAD_CPU, module + numbers),
            cwd=ROOT,
            check=True,
            capture_output=True,
        )
        report = json.loads(done.stdout)
        return report["answered"], report["seconds"]

    return grpc if name == "grpc_aio" else wrk


def _orders(items: int) -> load.Load:
    order = {"items": [{"sku": f"sku-{n:05d}", "quantity": n + 1} for n in range(items)]}
    body = json.dumps(order, separators=(",", ":")).encode()
    traces = [f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01" for _ in range(256)]
    requests = [load.post("/cart/v1/reservations", body, {"traceparent": t}) for t in traces]
    answer = b'{"lines":%d,"quantity":%d}' % (items, items * (items + 1) // 2)
    return load.Load(requests, [answer])


def _apart(peaks: list[rounds.Round], items: int) -> list[Result]:
    figures: list[tuple[str, Callable[[rounds.Round], float]]] = [
        ("requests_per_second", lambda done: done.requests_per_second),
        ("calls_per_cpu_second", lambda done: 1e6 / done.cpu_us_per_request),
    ]
    suffix = "1_item" if items == 1 else f"{items}_items"
    return [
        Result(
            metric=f"apart_{metric}_{suffix}",
            unit="1/s",
            better="higher",
            value=rounds.median(peaks, HANSE, read),
            peer=peer,
            peer_value=rounds.median(peaks, peer, read),
            goal=goal if items == 1 else None,
        )
        for metric, read in figures
        for peer, goal in GOALS.items()
    ]


def _together() -> list[Together]:
    """Run the in-process measurement, if Hanse has one here. Its interpreter is pinned, too."""
    if not (HERE / f"{TOGETHER}.py").exists():
        return []
    say("together, in one process")
    module = [str(PYTHON), "-m", f"benchmarks.calls.{TOGETHER}"]
    done = subprocess.run(
        machine.pinned(machine.SERVER_CPU, module), cwd=ROOT, check=True, capture_output=True
    )
    return msgspec.json.decode(done.stdout, type=list[Together])


def _over_plain_await(together: list[Together], items: int) -> Result:
    """Difference of the medians over all runs, the few whose trace is recorded whole included."""
    median = statistics.median
    values = [median(run.call_us) - median(run.plain_us) for run in together if run.items == items]
    suffix = "1_item" if items == 1 else f"{items}_items"
    return limit(
        f"together_over_plain_await_{suffix}",
        "us",
        value=values[0] if values else None,
        at_most=TOGETHER_US_MAX[items],
    )
