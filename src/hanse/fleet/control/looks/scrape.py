"""Asks a host on its trusted door how it is."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.looks.numbers import (
    Numbers,
    numbers_in,
    read_gateway_connections,
    read_gateway_numbers,
)
from hanse.kit.http import Address, Channel, ConnectionFailed, connect
from hanse.runtime.figures.figures import Figures

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

PATIENCE_SECONDS = 1.0
"""A host whose loop is blocked does not answer; nobody waits longer for it than this."""

ANSWER_BYTES_MAX = 8 * 1024 * 1024


TOTALS = b"GET /totals HTTP/1.1\r\nhost: host\r\n\r\n"
FIGURES = b"GET /figures HTTP/1.1\r\nhost: host\r\n\r\n"


class Lines:
    """Asks hosts again and again what they count, each on a connection that is kept meanwhile."""

    def __init__(self) -> None:
        self._kept: dict[Path, Channel] = {}

    async def numbers_of(self, socket: Path, at: float) -> Numbers | None:
        """What a host counts; None if it does not say in time."""
        said = await self._said(socket, TOTALS)
        return None if said is None else numbers_in(*said, at)

    async def figures_of(self, socket: Path) -> Figures | None:
        """What it counts for who judges its release; None if it does not say in time."""
        status, body = await self._said(socket, FIGURES) or (0, b"")
        return _figures_in(body) if status == 200 else None

    def keep(self, sockets: Collection[Path]) -> None:
        """Parts from all others."""
        for socket in self._kept.keys() - set(sockets):
            self._kept.pop(socket).close()

    async def _said(self, socket: Path, request: bytes) -> tuple[int, bytes] | None:
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                return await self._ask(socket, request)
        except (TimeoutError, ConnectionFailed):
            return None

    async def _ask(self, socket: Path, request: bytes) -> tuple[int, bytes]:
        kept = self._kept.pop(socket, None)
        if kept is not None:
            with suppress(ConnectionFailed):  # whoever is there now is asked anew
                return await self._ask_on(kept, socket, request)
        return await self._ask_on(await _open(socket), socket, request)

    async def _ask_on(self, channel: Channel, socket: Path, request: bytes) -> tuple[int, bytes]:
        status, _, body = await channel.exchange(request)
        self._kept[socket] = channel
        return status, body


async def answers(socket: Path, path: str) -> bool:
    """Whether somebody listens there and answers well."""
    return await _get(socket, path) is not None


async def speaks(socket: Path, path: str) -> bool:
    """Whether somebody listens there and answers, if only that it is not well."""
    return await _ask(socket, path) is not None


async def figures_of(socket: Path) -> Figures | None:
    """What a host counts for who judges its release; None if it does not say in time."""
    body = await _get(socket, "/figures")
    return None if body is None else _figures_in(body)


def _figures_in(body: bytes) -> Figures | None:
    try:
        return msgspec.json.decode(body, type=Figures)
    except msgspec.MsgspecError:
        return None


async def gateway_numbers(admin: Path, at: float) -> Numbers | None:
    """What the gateway counts: requests of all its doors; None if it does not say in time."""
    body = await _get(admin, "/stats?usedonly&filter=downstream_rq_total")
    return None if body is None else read_gateway_numbers(body.decode(), at)


async def gateway_connections(admin: Path) -> int | None:
    """How many clients the gateway has; None if it does not say in time."""
    body = await _get(admin, "/stats?usedonly&filter=downstream_cx_active")
    return None if body is None else read_gateway_connections(body.decode())


async def lets_nobody_in(admin: Path) -> bool:
    """Has the gateway refuse new connections, and end each it has with its next answer.

    Returns:
        Whether it heard.
    """
    paths = ("/healthcheck/fail", "/drain_listeners")
    return all([await _ask(admin, path, "POST") is not None for path in paths])


async def _get(socket: Path, path: str) -> bytes | None:
    """The body of a good answer."""
    status, body = await _ask(socket, path) or (0, b"")
    return body if status == 200 else None


async def _ask(socket: Path, path: str, verb: str = "GET") -> tuple[int, bytes] | None:
    """Status and body of an answer; None if there is none in time."""
    request = f"{verb} {path} HTTP/1.1\r\nhost: host\r\nconnection: close\r\n\r\n".encode()
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            channel = await _open(socket)
            try:
                status, _, body = await channel.exchange(request)
            finally:
                channel.close()
    except (TimeoutError, ConnectionFailed):
        return None
    return status, body


async def _open(socket: Path) -> Channel:
    channel = await connect(Address(f"unix:{socket}"), None)
    channel.limit = ANSWER_BYTES_MAX
    return channel
