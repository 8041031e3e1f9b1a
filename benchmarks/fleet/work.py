"""What replicas are given to do: as much as takes 5 ms here, and how its answers must be."""

from __future__ import annotations

import hashlib
import statistics
import time
from pathlib import Path

from benchmarks.load import Load

TEMPLATE = Path(__file__).with_name("work_service.py")
TEMPLATE_LINE = "ITERATIONS = 10_000"
CPU_SECONDS = 0.005
TRIED = 10_000
TRIES = 21
NUMBERS = 32


def calibrated() -> int:
    """Iterations that take about 5 ms of processor time on this machine."""
    return round(TRIED * CPU_SECONDS / statistics.median(_spent() for _ in range(TRIES)))


def service_text(iterations: int) -> str:
    """The service, doing so much."""
    text = TEMPLATE.read_text()
    assert TEMPLATE_LINE in text, f"{TEMPLATE} has no line {TEMPLATE_LINE!r}"
    return text.replace(TEMPLATE_LINE, f"ITERATIONS = {iterations}")


def load(iterations: int) -> Load:
    """Requests for the costly method. wrk knows right bodies, not to which request they belong."""
    return Load(
        requests=[get(f"/work/v1/keys/{number}") for number in range(NUMBERS)],
        answers=[f'"{_key(number, iterations)}"'.encode() for number in range(NUMBERS)],
    )


def get(path: str) -> bytes:
    """One GET as raw HTTP/1.1 bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode()


def _key(number: int, iterations: int) -> str:
    return hashlib.pbkdf2_hmac("sha256", str(number).encode(), b"salt", iterations).hex()


def _spent() -> float:
    began = time.thread_time()
    _key(0, TRIED)
    return time.thread_time() - began
