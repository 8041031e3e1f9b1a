"""Users of a fleet, in a process that knows nothing of Hanse: `python drills/load.py ORDER LOG`.

Asks each service at its rate, from addresses that take turns, checks every answer, and writes a line for each:
seconds since 1970, service, what came of it (`ok`, the code of a problem, a status, or how it broke), microseconds.
"""

import asyncio
import json
import os
import sys
import time
from pathlib import Path
from typing import NamedTuple, TextIO

USERS = 16
TIMEOUT_SECONDS = 10.0
LOOK_SECONDS = 0.5


class User:
    """One connection from an address of its own."""

    def __init__(self, number: int, port: int) -> None:
        self._address = f"127.0.0.{2 + number}"
        self._port = port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, path: str) -> tuple[int, bytes]:
        """Status and body of an answer.

        Raises:
            OSError, EOFError: The connection broke.
        """
        if self._streams is None:
            self._streams = await asyncio.open_connection(
                "127.0.0.1", self._port, local_addr=(self._address, 0)
            )
        reader, writer = self._streams
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n".encode())
            head = await reader.readuntil(b"\r\n\r\n")
            lines = head.lower().split(b"\r\n")
            length = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            return int(head[9:12]), await reader.readexactly(length)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None


async def ask(users: asyncio.Queue[User], service: str, log: TextIO) -> None:
    """One request of whoever is free, and a line of it."""
    user = await users.get()
    begun = time.time()
    try:
        async with asyncio.timeout(TIMEOUT_SECONDS):
            status, body = await user.ask(f"/{service}/v1/price")
        came_to = verdict(service, status, body)
    except (OSError, EOFError, TimeoutError, StopIteration, asyncio.IncompleteReadError) as error:
        user.close()
        came_to = type(error).__name__
    finally:
        users.put_nowait(user)
    log.write(f"{begun:.3f} {service} {came_to} {round(1e6 * (time.time() - begun))}\n")


def verdict(service: str, status: int, body: bytes) -> str:
    """`ok` for the right answer of that service, else what it was."""
    try:
        said = json.loads(body)
    except ValueError:
        return f"{status}-unreadable"
    if status == 200:
        right = said.get("service") == service and said.get("price") == 100
        return "ok" if right else "wrong"
    return str(said.get("code", status))


class Order(NamedTuple):
    """What is to be asked.

    Attributes:
        port: Of the gateway.
        services: Whom.
        rate: Requests a second of each.
        over: The file that says, once it is there, that it is over.
    """

    port: int
    services: list[str]
    rate: float
    over: str


async def run(order: Order, log: TextIO) -> None:
    """Asks until it is over."""
    users: asyncio.Queue[User] = asyncio.Queue()
    for number in range(USERS):
        users.put_nowait(User(number, order.port))
    asked: set[asyncio.Task[None]] = set()
    due = dict.fromkeys(order.services, time.monotonic())
    looked = 0.0
    while True:
        now = time.monotonic()
        if now - looked > LOOK_SECONDS:
            looked = now
            log.flush()
            if os.path.exists(order.over):  # noqa: PTH110, ASYNC240 - twice a second
                break
        for service in [service for service, at in due.items() if at <= now]:
            task = asyncio.create_task(ask(users, service, log))
            asked.add(task)
            task.add_done_callback(asked.discard)
            due[service] = max(due[service] + 1 / order.rate, now - 1.0)
        await asyncio.sleep(max(0.0, min(due.values()) - time.monotonic()))
    if asked:
        await asyncio.wait(asked, timeout=TIMEOUT_SECONDS)


if __name__ == "__main__":
    told = Order(**json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    with Path(sys.argv[2]).open("w", encoding="utf-8") as written:
        asyncio.run(run(told, written))
