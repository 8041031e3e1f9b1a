"""Records hosts of Hanse under load: `python -m benchmarks.judge.record [SECONDS]`.

Four hosts of one release, begun together, are asked on a schedule that is drawn beforehand; each
request goes to one of them by lot. What is kept is how long each took from when it was due, so
that a stall hits all that were due meanwhile. Nothing is pinned: the hosts, who asks, and in one of
the loads somebody else who computes, share the machine, as they do in a fleet.
"""

from __future__ import annotations

import contextlib
import gc
import os
import random
import select
import subprocess
import sys
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.environment import ROOT, say
from benchmarks.judge.recording import FOLDER, Row, pack, write
from benchmarks.open_loop import Connection
from benchmarks.server import free_port

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

HOSTS = 4
CONNECTIONS = 24
"""To each host; more requests than that wait for theirs."""
SECONDS = 100
STALLED_S = 20.0
LONGEST_WAIT_S = 0.05
ITEMS = 400
"""As many as a recorded host has work for."""
_NEIGHBOUR = """
import time
while True:
    until = time.monotonic() + 1.5
    while time.monotonic() < until:
        sum(range(10000))
    time.sleep(2.5)
"""


class Load(NamedTuple):
    """What the hosts are put under."""

    name: str
    words: str
    rate: float
    burst: float = 0.0
    pauses: bool = False
    neighbour: bool = False


LOADS = (
    Load("steady", "300 requests a second, by chance", 300),
    Load("bursts", "150 a second, and now and then 900 for a second", 150, burst=900),
    Load("pauses", "300 a second, hosts that stand still now and then", 300, pauses=True),
    Load("neighbour", "250 a second, beside somebody who computes", 250, neighbour=True),
    Load("quiet", "40 a second", 40),
)


def main(seconds: int) -> None:
    """Record each load, and keep it."""
    FOLDER.mkdir(exist_ok=True)
    for load in LOADS:
        say(f"recording {load.name}: {load.words}")
        with _hosts(load) as ports, _neighbour(load):
            rows = _ask(ports, list(_schedule(load, seconds)), seconds)
        path = FOLDER / f"{load.name}.rec"
        write(path, pack(load.words, HOSTS, seconds, rows))
        say(f"  {len(rows):,} requests, {path.stat().st_size:,} bytes")


def _schedule(load: Load, seconds: int) -> Iterator[tuple[float, int]]:
    """When each is due, and where: a Poisson process whose rate may jump."""
    chance = random.Random(load.name)
    at = 0.0
    burst_until, next_burst = 0.0, 5.0
    while True:
        if load.burst and at >= next_burst:
            burst_until = at + chance.uniform(0.3, 1.5)
            next_burst = burst_until + chance.expovariate(0.15)
        at += chance.expovariate(load.burst if at < burst_until else load.rate)
        if at >= seconds:
            return
        yield at, chance.randrange(HOSTS)


class _Asking:
    """Requests that are due, and those that are under way."""

    def __init__(self, ports: list[int]) -> None:
        self.rows: list[Row] = []
        self._chance = random.Random(1)
        self._poll = select.epoll()
        self._idle: list[deque[Connection]] = [deque() for _ in ports]
        self._waiting: list[deque[float]] = [deque() for _ in ports]
        self._connections: dict[int, tuple[int, Connection]] = {}
        for host, port in enumerate(ports):
            for _ in range(CONNECTIONS):
                connection = Connection(port)
                self._poll.register(connection.socket, select.EPOLLIN)
                self._connections[connection.socket.fileno()] = (host, connection)
                self._idle[host].append(connection)

    def ask(self, schedule: list[tuple[float, int]], seconds: int) -> None:
        """Send each when it is due, and wait until all are answered."""
        upcoming = deque(schedule)
        start = time.perf_counter()
        while len(self.rows) < len(schedule):
            now = time.perf_counter() - start
            if now > seconds + STALLED_S:
                raise TimeoutError(f"{len(schedule) - len(self.rows)} requests were not answered")
            while upcoming and upcoming[0][0] <= now:
                due, host = upcoming.popleft()
                self._waiting[host].append(due)
            self._send()
            until = upcoming[0][0] - (time.perf_counter() - start) if upcoming else LONGEST_WAIT_S
            for number, _ in self._poll.poll(min(max(until, 0.0), LONGEST_WAIT_S)):
                self._take(number, start)

    def close(self) -> None:
        for _, connection in self._connections.values():
            connection.socket.close()

    def _send(self) -> None:
        for idle, waiting in zip(self._idle, self._waiting, strict=True):
            while waiting and idle:
                number = min(int(self._chance.paretovariate(0.7)), ITEMS - 1)
                idle.popleft().send(_request(number), waiting.popleft())

    def _take(self, number: int, start: float) -> None:
        host, connection = self._connections[number]
        answer = connection.receive()
        if answer is None:
            return
        if b" 200" not in answer[0]:
            raise ConnectionError(f"answered {answer[0]!r}")
        took = time.perf_counter() - start - connection.due
        self.rows.append(Row(connection.due, host, took * 1e6))
        self._idle[host].append(connection)


def _ask(ports: list[int], schedule: list[tuple[float, int]], seconds: int) -> list[Row]:
    asking = _Asking(ports)
    gc.disable()
    try:
        asking.ask(schedule, seconds)
    finally:
        gc.enable()
        asking.close()
    return asking.rows


def _request(number: int) -> bytes:
    return f"GET /items/v1/items/{number} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@contextlib.contextmanager
def _hosts(load: Load) -> Generator[list[int]]:
    ports = [free_port() for _ in range(HOSTS)]
    settings = {**os.environ, "RECORD_PAUSES": str(int(load.pauses))}
    command = [sys.executable, "-m"]
    started = [
        subprocess.Popen(
            [*command, "benchmarks.judge.recorded_host"],
            env={**settings, "BENCH_PORT": str(port)},
            cwd=ROOT,
            stderr=subprocess.DEVNULL,
        )
        for port in ports
    ]
    try:
        for port in ports:
            _wait_for(port)
        yield ports
    finally:
        for process in started:
            process.terminate()
        for process in started:
            process.wait()


@contextlib.contextmanager
def _neighbour(load: Load) -> Generator[None]:
    if not load.neighbour:
        yield
        return
    process = subprocess.Popen([sys.executable, "-c", _NEIGHBOUR])
    try:
        yield
    finally:
        process.kill()
        process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            Connection(port).socket.close()
        except ConnectionRefusedError:
            time.sleep(0.05)
        else:
            return
    raise TimeoutError(f"no host listens on port {port}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else SECONDS)
