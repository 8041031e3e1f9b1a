"""Sends requests on a fixed schedule and measures each answer from its scheduled time.

A closed loop waits while the server is slow, and so leaves out just the requests that would
have suffered (coordinated omission: Gil Tene, "How NOT to Measure Latency", 2013,
https://www.azul.com/files/HowNotToMeasureLatency_LLSummit_NYC_Nov2013.pdf).
Here a stall delays everything that was due meanwhile, as it would for real callers. The loop
spins on its own core instead of sleeping: a timer's millisecond would drown what is measured.
Run as `python -m benchmarks.open_loop`: a plan as JSON on stdin, a report as JSON on stdout.
"""

from __future__ import annotations

import base64
import gc
import select
import socket
import sys
import time
from collections import deque

import msgspec

LATENESS_P99_MS_MAX = 1.0
_WARM_UP_SHARE = 0.1


class Plan(msgspec.Struct, frozen=True):
    """What to send, and where. `requests` and `answers` are base64: JSON has no bytes.

    `rate` is in requests/s; `drain_seconds` is the longest wait for answers after the schedule.
    """

    port: int
    rate: float
    seconds: float
    connections: int
    requests: list[str]
    answers: list[str]
    drain_seconds: float = 5.0


class Report(msgspec.Struct, frozen=True):
    """What came back, in milliseconds from the scheduled time. `invalid` says why, or is empty."""

    sent: int
    answered: int
    wrong: int
    p50_ms: float
    p99_ms: float
    p999_ms: float
    max_ms: float
    lateness_p99_ms: float
    invalid: str


class Connection:
    """One keep-alive connection with at most one request in flight."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.due = 0.0
        self._received = b""

    def send(self, request: bytes, due: float) -> None:
        self.due = due
        sent = self.socket.send(request)
        if sent != len(request):
            raise ConnectionError("the server does not read; a request did not fit its socket")

    def receive(self) -> tuple[bytes, bytes] | None:
        """Status line and body of the answer once it is whole, None before."""
        chunk = self.socket.recv(65536)
        if not chunk:
            raise ConnectionError("the server closed a keep-alive connection")
        self._received += chunk
        head, found, body = self._received.partition(b"\r\n\r\n")
        if not found or len(body) < _content_length(head):
            return None
        self._received = b""
        return head[: head.find(b"\r\n")], body


class OpenLoop:
    """A schedule of equally spaced requests over a fixed set of connections."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._requests = [base64.b64decode(request) for request in plan.requests]
        self._answers = {base64.b64decode(answer) for answer in plan.answers}
        self._connections: dict[int, Connection] = {}
        self._idle: deque[Connection] = deque()
        self._waiting: deque[float] = deque()
        self._poll = select.epoll()
        self._sent = 0
        self._wrong = 0
        self.latencies: list[float] = []
        self.lateness: list[float] = []

    def run(self) -> Report:
        """Do the whole schedule, then wait a bounded time for the last answers."""
        for _ in range(self._plan.connections):
            connection = Connection(self._plan.port)
            self._connections[connection.socket.fileno()] = connection
            self._poll.register(connection.socket, select.EPOLLIN)
            self._idle.append(connection)
        gc.collect()
        gc.disable()
        try:
            self._follow_schedule()
        finally:
            gc.enable()
            for connection in self._connections.values():
                connection.socket.close()
        return self._report()

    def _follow_schedule(self) -> None:
        total = int(self._plan.rate * self._plan.seconds)
        step = 1.0 / self._plan.rate
        start = time.perf_counter() + 0.01
        end = start + self._plan.seconds + self._plan.drain_seconds
        scheduled = 0
        while len(self.latencies) < total:
            now = time.perf_counter()
            while scheduled < total and start + scheduled * step <= now:
                due = start + scheduled * step
                self.lateness.append(now - due)
                self._waiting.append(due)
                scheduled += 1
            self._send_waiting()
            for number, _ in self._poll.poll(0):
                self._take_answer(self._connections[number])
            if now > end:
                return

    def _send_waiting(self) -> None:
        while self._waiting and self._idle:
            request = self._requests[self._sent % len(self._requests)]
            self._idle.popleft().send(request, self._waiting.popleft())
            self._sent += 1

    def _take_answer(self, connection: Connection) -> None:
        answer = connection.receive()
        if answer is None:
            return
        self.latencies.append(time.perf_counter() - connection.due)
        status, body = answer
        if b" 200" not in status or body not in self._answers:
            self._wrong += 1
        self._idle.append(connection)

    def _report(self) -> Report:
        warm_up = int(len(self.latencies) * _WARM_UP_SHARE)
        latencies = sorted(self.latencies[warm_up:]) or [float("inf")]
        late = percentile(sorted(self.lateness) or [float("inf")], 0.99) * 1e3
        return Report(
            sent=self._sent,
            answered=len(self.latencies),
            wrong=self._wrong,
            p50_ms=percentile(latencies, 0.5) * 1e3,
            p99_ms=percentile(latencies, 0.99) * 1e3,
            p999_ms=percentile(latencies, 0.999) * 1e3,
            max_ms=latencies[-1] * 1e3,
            lateness_p99_ms=late,
            invalid=self._fault(late),
        )

    def _fault(self, lateness_ms: float) -> str:
        total = int(self._plan.rate * self._plan.seconds)
        if lateness_ms > LATENESS_P99_MS_MAX:
            return f"the generator ran {lateness_ms:.2f} ms behind its own schedule at p99"
        if self._wrong:
            return f"{self._wrong} answers were wrong"
        if len(self.latencies) < total:
            return f"{total - len(self.latencies)} of {total} requests were not answered in time"
        return ""


def percentile(ascending: list[float], share: float) -> float:
    """Smallest value that at least `share` of all values do not exceed (nearest rank)."""
    rank = max(1, -(-len(ascending) * share // 1))
    return ascending[min(len(ascending), int(rank)) - 1]


def _content_length(head: bytes) -> int:
    _, found, rest = head.lower().partition(b"\r\ncontent-length:")
    if not found:
        raise ConnectionError("an answer came without Content-Length")
    return int(rest.partition(b"\r\n")[0])


def main() -> None:
    """Run the plan on stdin, print the report."""
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(OpenLoop(plan).run()))


if __name__ == "__main__":
    main()
