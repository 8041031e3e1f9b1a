"""Looks up names in threads, which nobody can end: so that no site takes all there are."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from ipaddress import ip_address
from typing import TypeAlias
from weakref import WeakValueDictionary

Look: TypeAlias = Callable[[str, int], tuple[str, ...]]

LOOKUPS = 8
"""At once: names that are slow to look up hold up one another, and nothing else of the host."""

LOOKUPS_OF_A_SITE = 2
"""Of these. A name server that never answers keeps its thread for longer than any request."""

THREAD_SECONDS = 1.0
"""For so long a request waits for its turn; longer, and its workflow waits instead."""


class NoThread(Exception):
    """Names are looked up for so long that there is no room to look up another."""


class Names:
    """Looks up names, some of a site at once.

    A thread counts until it has ended, whoever has given up what it looks for.

    Args:
        look: Looks up one; may take its time.
    """

    def __init__(self, look: Look) -> None:
        self._look = look
        self._threads: ThreadPoolExecutor | None = None
        self._room = asyncio.Semaphore(LOOKUPS)
        self._rooms: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()

    def close(self) -> None:
        """Looks up no more."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def begin(self, host: str, port: int, site: str) -> asyncio.Future[tuple[str, ...]]:
        """Has a name looked up as soon as there is room; its addresses come with what is given.

        Raises:
            NoThread: There is none.
        """
        loop = asyncio.get_running_loop()
        with suppress(ValueError):  # a name, or a number that the resolver reads in its own way
            number = str(ip_address(host))
            known: asyncio.Future[tuple[str, ...]] = loop.create_future()
            known.set_result((number,))
            return known
        room = self._rooms.setdefault(site, asyncio.Semaphore(LOOKUPS_OF_A_SITE))
        await self._enter(room)
        if self._threads is None:
            self._threads = ThreadPoolExecutor(LOOKUPS, "hanse-webhook-names")
        looked_up = self._threads.submit(self._look, host, port)
        looked_up.add_done_callback(partial(self._leave, loop, room))
        return asyncio.wrap_future(looked_up)

    async def _enter(self, room: asyncio.Semaphore) -> None:
        try:
            async with asyncio.timeout(THREAD_SECONDS):
                await room.acquire()
                try:
                    await self._room.acquire()
                except BaseException:
                    room.release()
                    raise
        except TimeoutError:
            raise NoThread from None

    def _leave(
        self, loop: asyncio.AbstractEventLoop, room: asyncio.Semaphore, _: Future[tuple[str, ...]]
    ) -> None:
        with suppress(RuntimeError):  # the loop has ended before this name was found
            loop.call_soon_threadsafe(room.release)
            loop.call_soon_threadsafe(self._room.release)


def asked_of_the_system(host: str, port: int) -> tuple[str, ...]:
    """The addresses of a host, as this machine looks them up.

    Raises:
        OSError: There is none, or nobody can say.
        UnicodeError: It is no name.
    """
    flags = socket.AI_ADDRCONFIG
    rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
    return tuple(dict.fromkeys(str(row[4][0]) for row in rows))
