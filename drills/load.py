"""Users of a fleet, in a process that knows nothing of Hanse: `python drills/load.py ORDER LOG`.

Asks what the order says at its rates, from addresses that take turns, checks every answer, and writes a line for each:
seconds since 1970, whose it was, what came of it (`ok`, the code of a problem, a status, or how it broke), microseconds.
The last line says how many there are and their digest, so that a log that is not whole is known as such.
"""

import asyncio
import contextlib
import hashlib
import heapq
import itertools
import json
import os
import random
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple, TextIO, cast

import uvloop

TIMEOUT_SECONDS = 10.0
LOOK_SECONDS = 0.5
BEHIND_SECONDS = 1.0
"""What was missed for longer is not asked later, and no more than comes in so long waits for a free user: who is late
asks no faster, and who cannot ask at all is missed in the rate."""


class Ask(NamedTuple):
    """One request that is asked again and again, in turn with the others of its name.

    Attributes:
        name: Whose it is, as the log has it.
        path: What is asked for.
        right: What the right answer is, or the part of it that is always so.
        body: What is sent, as JSON; with one it is a POST.
    """

    name: str
    path: str
    right: Any
    body: Any = None


class Order(NamedTuple):
    """What is to be asked.

    Attributes:
        port: Of the gateway.
        asks: All requests; those of one name take turns.
        rate: Requests a second of each name; 0 for as many as the users can, one after the other.
        over: The file that says, once it is there, that it is over.
        users: How many can wait for answers at once.
        seconds: When it is over, where no file says so.
        further: Ports of other gateways, for who cannot connect to the first.
    """

    port: int
    asks: list[Ask]
    rate: float
    over: str
    users: int = 16
    seconds: float = 1e9
    further: tuple[int, ...] = ()


class Log:
    """Where lines are written, and what they come to."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._digest = hashlib.sha256()
        self._lines = 0

    def write(self, line: str) -> None:
        self._digest.update(line.encode())
        self._lines += 1
        self._file.write(line)

    def end(self) -> None:
        self._file.write(f"end {self._lines} {self._digest.hexdigest()}\n")

    def flush(self) -> None:
        self._file.flush()


class User:
    """One connection from an address of its own, to the first gateway that lets it in."""

    def __init__(self, number: int, ports: tuple[int, ...]) -> None:
        self._address = f"127.0.0.{2 + number % 250}"
        self._ports = ports
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, one: Ask) -> tuple[int, bytes]:
        """Status and body of an answer.

        Raises:
            OSError, EOFError: The connection broke, or nobody lets us in.
        """
        reader, writer = self._streams = self._streams or await self._connected()
        try:
            writer.write(_request(one))
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            body = await reader.readexactly(length)
        except BaseException:
            self.close()
            raise
        if b"connection: close" in lines:
            self.close()
        return int(head[9:12]), body

    async def _connected(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        *further, last = self._ports
        for port in further:
            with contextlib.suppress(OSError):
                return await self._open(port)
        return await self._open(last)

    async def _open(self, port: int) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection("127.0.0.1", port, local_addr=(self._address, 0))

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


def _request(one: Ask) -> bytes:
    if one.body is None:
        return f"GET {one.path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode()
    body = json.dumps(one.body).encode()
    head = f"POST {one.path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    return f"{head}content-length: {len(body)}\r\n\r\n".encode() + body


async def ask(users: asyncio.Queue[User], one: Ask, log: Log) -> None:
    """One request of whoever is free, and a line of it."""
    user = await users.get()
    begun = time.time()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            status, body = await user.ask(one)
        came_to = verdict(one.right, status, body)
    except (OSError, EOFError, TimeoutError, StopIteration, asyncio.IncompleteReadError) as error:
        user.close()
        came_to = type(error).__name__
    finally:
        users.put_nowait(user)
    log.write(f"{begun:.3f} {one.name} {came_to} {round(1e6 * (time.time() - begun))}\n")


def verdict(right: Any, status: int, body: bytes) -> str:
    """`ok` for the right answer, else what it was."""
    try:
        said = json.loads(body)
    except ValueError:
        return f"{status}-unreadable"
    if status == 200:
        return "ok" if is_right(right, said) else "wrong"
    if not isinstance(said, dict):
        return str(status)
    return str(cast("dict[str, Any]", said).get("code", status))


def is_right(right: Any, said: Any) -> bool:
    """Whether it is what is right, or has all of that in it."""
    if isinstance(right, dict) and isinstance(said, dict):
        return {**said, **right} == said
    return bool(said == right)


async def run(order: Order, log: Log) -> None:
    """Asks until it is over."""
    users: asyncio.Queue[User] = asyncio.Queue()
    for number in range(order.users):
        users.put_nowait(User(number, (order.port, *order.further)))
    if order.rate:
        await _at_a_rate(order, users, log)
    else:
        await asyncio.gather(*(_without_a_pause(order, users, log) for _ in range(order.users)))
    log.end()


async def _without_a_pause(order: Order, users: asyncio.Queue[User], log: Log) -> None:
    until = time.monotonic() + order.seconds
    turns = itertools.cycle(order.asks)
    while time.monotonic() < until:
        await ask(users, next(turns), log)


async def _at_a_rate(order: Order, users: asyncio.Queue[User], log: Log) -> None:
    names: dict[str, list[Ask]] = {}
    for one in order.asks:
        names.setdefault(one.name, []).append(one)
    turns = [itertools.cycle(some) for some in names.values()]
    begun = time.monotonic()
    due = [(begun + _gap(order.rate), place) for place in range(len(turns))]
    heapq.heapify(due)
    asked: set[asyncio.Task[None]] = set()
    most = order.users + round(BEHIND_SECONDS * order.rate * len(turns))
    looked = 0.0
    while True:
        now = time.monotonic()
        if now - looked > LOOK_SECONDS:
            looked = now
            log.flush()
            if now - begun > order.seconds or os.path.exists(order.over):  # noqa: PTH110, ASYNC240 - twice a second
                break
        while due[0][0] <= now:
            at, place = due[0]
            if len(asked) < most:
                task = asyncio.create_task(ask(users, next(turns[place]), log))
                asked.add(task)
                task.add_done_callback(asked.discard)
            heapq.heapreplace(due, (max(at + _gap(order.rate), now - BEHIND_SECONDS), place))
        await asyncio.sleep(max(0.0, min(due[0][0] - time.monotonic(), LOOK_SECONDS)))
    if asked:
        await asyncio.wait(asked, timeout=TIMEOUT_SECONDS)


def _gap(rate: float) -> float:
    """Seconds until the next of many who know nothing of each other: a Poisson process.

    Requests at even distances meet what recurs, such as a look around every quarter of a second,
    always or never; of two hosts alike one would be slower as long as it lasts.
    """
    return random.expovariate(rate)


def read(text: str) -> Order:
    """An order as it was written down."""
    told = json.loads(text)
    asks = [Ask(**one) for one in told.pop("asks")]
    further = tuple(told.pop("further", ()))
    return Order(asks=asks, further=further, **told)


if __name__ == "__main__":
    with Path(sys.argv[2]).open("w", encoding="utf-8") as written:
        uvloop.run(run(read(Path(sys.argv[1]).read_text(encoding="utf-8")), Log(written)))
