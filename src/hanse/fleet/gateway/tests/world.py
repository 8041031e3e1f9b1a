"""A real Envoy before small real upstreams, for tests: a folder, a control plane, and raw HTTP."""

import asyncio
import contextlib
import json
import random
import socket
import ssl
import subprocess
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import NamedTuple

from hanse.fleet.gateway.ads.server import Ads
from hanse.fleet.gateway.bootstrap import bootstrap_text, command
from hanse.fleet.gateway.picture import Certificate, Endpoint, Picture, Upstream
from hanse.fleet.gateway.settings import GatewaySettings, Limit

HEAD_MAX = 256 * 1024
NO_LIMIT = Limit(0, 1)
DEADLINE = 20.0


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> dict:
        return json.loads(self.body)


def request(path: str = "/", method: str = "GET", body: bytes = b"", **headers: str) -> bytes:
    """A request as bytes; `_` in the name of a header becomes `-`."""
    given = {"host": "localhost"} | {k.replace("_", "-"): v for k, v in headers.items()}
    if body:
        given["content-length"] = str(len(body))
    lines = "".join(f"{name}: {value}\r\n" for name, value in given.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


async def read_answer(reader: asyncio.StreamReader, method: str = "GET") -> Answer:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {}
    for line in head[1:-2]:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    status = int(head[0].split()[1])
    if method == "HEAD" or status == 204:
        body = b""
    elif "content-length" in headers:
        body = await reader.readexactly(int(headers["content-length"]))
    elif "chunked" in headers.get("transfer-encoding", ""):
        body = await read_chunks(reader)
    else:
        body = await reader.read()
    return Answer(status, headers, body)


async def read_chunks(reader: asyncio.StreamReader) -> bytes:
    body = b""
    while size := int(await reader.readuntil(b"\r\n"), 16):
        body += (await reader.readexactly(size + 2))[:-2]
    await reader.readuntil(b"\r\n")
    return body


class Host:
    """An upstream that tells what it was asked, and keeps it.

    Attributes:
        seen: Heads of all requests, in lower case, as they came.
        bodies: Their bodies.
        answer: What is answered; None for the head as it came.
    """

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.endpoint = Endpoint(f"{name}.gate")
        self.seen: list[bytes] = []
        self.bodies: list[bytes] = []
        self.answer: bytes | Callable[[bytes], bytes] | None = None
        self._path = folder / f"{name}.gate"
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, self._path, limit=HEAD_MAX)

    async def stop(self) -> None:
        """Ends like a process that is killed: at once, with all of its connections."""
        if self._server is not None:
            self._server.close()
            for writer in list(self._writers):
                writer.transport.abort()
            self._server = None
            self._path.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                self.seen.append(head.lower())
                self.bodies.append(await _body(reader, head.lower()))
                writer.write(self._answer(head))
                await writer.drain()
        self._writers.discard(writer)
        writer.close()

    def _answer(self, head: bytes) -> bytes:
        given = self.answer
        if callable(given):
            return given(head)
        return ok(head, self.name) if given is None else given


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    if b"transfer-encoding: chunked" in head:
        return await read_chunks(reader)
    for line in head.split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return await reader.readexactly(int(line.split(b":")[1]))
    return b""


def ok(body: bytes, name: str = "") -> bytes:
    head = f"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\nhost-name: {name}\r\ncontent-length: {len(body)}"
    return head.encode() + b"\r\n\r\n" + body


class World:
    """One Envoy, its control plane and the hosts behind it."""

    def __init__(self, folder: Path, settings: GatewaySettings) -> None:
        self.folder = folder
        self.settings = settings
        self.ads = Ads(settings)
        self.hosts: dict[str, Host] = {}
        self.envoys: list[asyncio.subprocess.Process] = []

    async def start(self) -> None:
        (self.folder / ".hanse/up/logs").mkdir(parents=True)
        await self.ads.start(self.folder / self.settings.ads_socket)
        await self.ads.push(Picture(()))
        await self.start_envoy()

    async def start_envoy(
        self, settings: GatewaySettings | None = None
    ) -> asyncio.subprocess.Process:
        settings = settings or self.settings
        file = self.folder / f"bootstrap-{len(self.envoys)}.json"
        file.write_bytes(bootstrap_text(settings))
        log = (self.folder / "envoy.log").open("ab")
        envoy = await asyncio.create_subprocess_exec(
            *command(settings, file.name), cwd=self.folder, stdout=log, stderr=log
        )
        log.close()
        self.envoys.append(envoy)
        return envoy

    async def stop(self) -> None:
        for envoy in self.envoys:
            if envoy.returncode is None:
                envoy.kill()
                await envoy.wait()
        for host in self.hosts.values():
            await host.stop()
        await self.ads.stop()

    async def host(self, name: str) -> Host:
        host = self.hosts[name] = Host(self.folder, name)
        await host.start()
        return host

    async def show(self, *upstreams: Upstream, **rest: object) -> None:
        """Pushes a picture and waits until the Envoy has it."""
        assert await eventually(lambda: self.ads.envoys > 0)
        await self.ads.push(Picture(upstreams, **rest))
        await self.ads.wait_for_envoys(1, DEADLINE)
        await self._listening()

    async def _listening(self) -> None:
        # Workers begin to accept a moment after all is taken.
        if not await eventually(self._open):
            raise AssertionError((self.folder / "envoy.log").read_text())

    async def _open(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.settings.port)
        except OSError:
            return False
        writer.close()
        return True

    async def get(
        self, path: str = "/", method: str = "GET", body: bytes = b"", **headers: str
    ) -> Answer:
        return await self.raw(request(path, method, body, **headers), method)

    async def raw(self, data: bytes, method: str = "GET", source: str = "127.0.0.1") -> Answer:
        async with self.connection(source=source) as (reader, writer):
            writer.write(data)
            async with asyncio.timeout(DEADLINE):
                return await read_answer(reader, method)

    @contextlib.asynccontextmanager
    async def connection(
        self, tls: ssl.SSLContext | None = None, name: str | None = None, source: str = "127.0.0.1"
    ) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
        port = self.settings.tls_port if tls else self.settings.port
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, ssl=tls, server_hostname=name, local_addr=(source, 0), limit=HEAD_MAX
        )
        try:
            yield reader, writer
        finally:
            writer.close()
            with contextlib.suppress(OSError, ssl.SSLError):
                await writer.wait_closed()

    def log_lines(self) -> list[dict]:
        file = self.folder / self.settings.access_log
        return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []

    def proc(self) -> Path:
        """What the kernel says of the newest Envoy."""
        return Path(f"/proc/{self.envoys[-1].pid}")

    def request_ids(self) -> set[str]:
        return {line.get("request_id", "") for line in self.log_lines()}

    async def statistics(self, which: str = "usedonly") -> dict[str, int]:
        """Envoy's counters, by its admin socket; of those that were never counted too: "all"."""
        reader, writer = await asyncio.open_unix_connection(
            self.folder / self.settings.admin_socket
        )
        head = "HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n"
        writer.write(f"GET /stats?{which} {head}".encode())
        answer = await read_answer(reader)
        writer.close()
        pairs = (line.split(": ", 1) for line in answer.body.decode().splitlines())
        return {name: int(value) for name, value in pairs if value.isdigit()}


async def eventually(condition: Callable, seconds: float = DEADLINE) -> bool:
    """Whether a condition, plain or a coroutine, comes true before the deadline."""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end:
        found = condition()
        if (await found) if asyncio.iscoroutine(found) else found:
            return True
        await asyncio.sleep(0.01)
    return False


PORTS = range(12_000, 20_000)
"""Below those that systems give away by themselves: no connection takes one before it is used."""


def free_port() -> int:
    while True:
        port = random.choice(PORTS)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("0.0.0.0", port))
            return port


def cart(*hosts: Host) -> Upstream:
    return Upstream("cart.v1.Cart", ("cart", "cart.v1.Cart"), tuple(one.endpoint for one in hosts))


def make_certificate(folder: Path, name: str) -> Certificate:
    subprocess.run(
        [
            "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "3",
            "-keyout", folder / f"{name}.key", "-out", folder / f"{name}.pem", "-subj", f"/CN={name}",
            "-addext", f"subjectAltName=DNS:{name}",
        ],
        check=True, capture_output=True, timeout=30,
    )  # fmt: skip
    return Certificate((folder / f"{name}.pem").read_text(), (folder / f"{name}.key").read_text())
