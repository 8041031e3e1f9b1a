"""A line to the internet of a given speed, as a forward proxy: carries, slows, counts, looks not."""

import asyncio
import os
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from urllib.parse import urlsplit

CHUNK_BYTES = 16 * 1024


class SlowLine:
    """All tunnels together carry so many bits a second towards whoever fetches.

    Attributes:
        address: For HTTPS_PROXY.
        fetched: Bytes that came in, those of TLS itself too.
        refused: Why the last tunnel could not be made; empty while all could.
    """

    def __init__(self, bits_per_second: float) -> None:
        self._bytes_per_second = bits_per_second / 8
        self._free_at = 0.0
        self._open: set[asyncio.Task[None]] = set()
        self.address = ""
        self.fetched = 0
        self.refused = ""

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        try:
            yield
        finally:
            server.close()
            for task in self._open:
                task.cancel()
            await asyncio.gather(*self._open, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._open.add(task)
        task.add_done_callback(self._open.discard)
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            verb, target, _ = head.split(b" ", 2)
            assert verb == b"CONNECT", head
            await self._tunnel(target.decode(), reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass  # either end may leave as it likes
        finally:
            writer.close()

    async def _tunnel(
        self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        try:
            far_reader, far_writer = await _reach(target)
        except (OSError, EOFError) as error:
            self.refused = f"{target}: {error}"
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n")
            return
        writer.write(b"HTTP/1.1 200 OK\r\n\r\n")
        up = asyncio.create_task(_copy(reader, far_writer))
        try:
            while chunk := await far_reader.read(CHUNK_BYTES):
                self.fetched += len(chunk)
                await self._wait_for_turn(len(chunk))
                writer.write(chunk)
                await writer.drain()
        finally:
            up.cancel()
            far_writer.close()

    async def _wait_for_turn(self, size: int) -> None:
        """One queue for all, like the one at the end of a line."""
        now = asyncio.get_running_loop().time()
        self._free_at = max(self._free_at, now) + size / self._bytes_per_second
        await asyncio.sleep(self._free_at - now)


async def _reach(target: str) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    """Connects, through the proxy of this machine if it has one."""
    machines = urlsplit(os.environ.get("HTTPS_PROXY") or os.environ.get("https_proxy") or "")
    if not machines.hostname:
        host, _, port = target.rpartition(":")
        return await asyncio.open_connection(host.strip("[]"), int(port))
    reader, writer = await asyncio.open_connection(machines.hostname, machines.port or 80)
    writer.write(f"CONNECT {target} HTTP/1.1\r\nhost: {target}\r\n\r\n".encode())
    answer = await reader.readuntil(b"\r\n\r\n")
    if b" 200 " not in answer.partition(b"\r\n")[0] + b" ":
        raise ConnectionRefusedError(answer.partition(b"\r\n")[0].decode(errors="replace"))
    return reader, writer


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()


@contextmanager
def slow_line(bits_per_second: float) -> Iterator[SlowLine]:
    """A line in a thread of its own, for a test that waits for programs."""
    line = SlowLine(bits_per_second)
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    done = asyncio.Event()

    async def serve() -> None:
        async with line.serving():
            ready.set()
            await done.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    assert ready.wait(10)
    try:
        yield line
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join()
        loop.close()
