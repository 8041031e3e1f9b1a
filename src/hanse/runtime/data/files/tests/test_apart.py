"""Files in a host of its own process: bounded memory, killed in the middle, a full disk, domains of sites."""

import asyncio
import hashlib
import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest

from conftest import absent
from hanse import Database, DatabaseConfig, FileStoreConfig, Secret
from hanse.kit.clock import ManualClock, SystemClock
from hanse.runtime.data.files.files import Files
from hanse.runtime.data.files.tests import archive_process
from hanse.runtime.server.tests.wire import PATIENCE

MEGABYTE = 1024 * 1024
BOUNDARY = "cut"
HEAD = (
    f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="file"; filename="big"\r\n\r\n'.encode()
)
TAIL = f"\r\n--{BOUNDARY}--\r\n".encode()
PIECE = os.urandom(MEGABYTE)

GROWTH_MAX = 60 * MEGABYTE
"""A part on its way in, one on its way to the store, and what the allocator keeps of both."""


class Archive:
    """A host, its folder, its database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.database_url = url
        self.folder = folder
        self.process = subprocess.Popen(
            [sys.executable, archive_process.__file__, url, str(folder)],
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.address = urlsplit(self.process.stdout.readline().strip())

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(
            self.address.hostname, self.address.port, limit=4 * MEGABYTE
        )

    @property
    def memory(self) -> int:
        return psutil.Process(self.process.pid).memory_info().rss

    @property
    def kept(self) -> list[Path]:
        return [one for one in self.folder.rglob("*") if one.is_file()]

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.communicate()


@pytest.fixture
async def url(servers):
    server = servers.server("18")
    url = await server.create()
    yield url
    server.drop(url)


@pytest.fixture
def archive(url, tmp_path):
    archive = Archive(url, tmp_path / "kept")
    yield archive
    archive.end()


def raw_head_of(megabytes: int) -> bytes:
    return (
        "POST /archive/v1/files HTTP/1.1\r\nhost: x\r\n"
        f"content-length: {megabytes * MEGABYTE}\r\n\r\n"
    ).encode()


def head_of(megabytes: int) -> bytes:
    size = len(HEAD) + megabytes * MEGABYTE + len(TAIL)
    return (
        f"POST /archive/add HTTP/1.1\r\nhost: x\r\ncontent-length: {size}\r\n"
        f"content-type: multipart/form-data; boundary={BOUNDARY}\r\n\r\n"
    ).encode() + HEAD


async def answer_of(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    async with asyncio.timeout(60):
        head = await reader.readuntil(b"\r\n\r\n")
        length = next(
            int(line.partition(b":")[2])
            for line in head.split(b"\r\n")
            if line.startswith(b"content-length")
        )
        return int(head.split(b" ", 2)[1]), await reader.readexactly(length)


async def downloaded(archive: Archive, path: str) -> tuple[str, int]:
    """Digest of the file at an address, and the most memory that giving it out took."""
    reader, writer = await archive.connect()
    writer.write(f"GET {path} HTTP/1.0\r\nhost: x\r\n\r\n".encode())
    await reader.readuntil(b"\r\n\r\n")
    digest, most = hashlib.sha256(), 0
    while piece := await reader.read(MEGABYTE):
        digest.update(piece)
        most = max(most, archive.memory)
    writer.close()
    return digest.hexdigest(), most


async def check_memory(archive: Archive, megabytes: int, *, raw: bool = False) -> None:
    await send(archive, 1)  # loads what it needs
    before, most = archive.memory, 0
    reader, writer = await archive.connect()
    writer.write(raw_head_of(megabytes) if raw else head_of(megabytes))
    for _ in range(megabytes):
        writer.write(PIECE)
        await writer.drain()
        most = max(most, archive.memory)
    writer.write(b"" if raw else TAIL)
    status, body = await answer_of(reader)
    writer.close()
    sha256, size, url = body.decode().strip('"').split()
    assert (status, int(size)) == (200, megabytes * MEGABYTE)
    assert most - before < GROWTH_MAX
    digest, most = await downloaded(archive, url)
    assert digest == sha256
    assert most - before < GROWTH_MAX


async def send(archive: Archive, megabytes: int) -> tuple[int, bytes]:
    reader, writer = await archive.connect()
    writer.write(head_of(megabytes) + PIECE * megabytes + TAIL)
    try:
        return await answer_of(reader)
    finally:
        writer.close()


async def test_a_large_file_takes_little_memory_both_ways(archive) -> None:
    await check_memory(archive, 200)


async def test_a_large_body_takes_little_memory_too(archive) -> None:
    await check_memory(archive, 200, raw=True)


@pytest.mark.long
async def test_a_file_of_a_gigabyte_takes_no_more(archive) -> None:
    await check_memory(archive, 1024)


@pytest.mark.parametrize("megabytes", [1, 7, 23])
async def test_what_a_killed_host_had_half_is_swept(archive, url, megabytes) -> None:
    _, writer = await archive.connect()
    writer.write(head_of(30))
    for _ in range(megabytes):
        writer.write(PIECE)
        await writer.drain()
    async with Database(
        DatabaseConfig(url=Secret(url)), clock := ManualClock(SystemClock().now())
    ) as database:
        async with asyncio.timeout(PATIENCE):
            while not await database.fetch("select from hanse.file"):
                await asyncio.sleep(0.01)
        os.kill(archive.process.pid, signal.SIGKILL)
        archive.process.wait()
        writer.transport.abort()
        assert not await database.fetch("select from hanse.file where delete_time is null")
        files = Files(database, FileStoreConfig(folder=archive.folder))
        clock.advance(timedelta(hours=25))
        await files.sweep.once()
        assert not await database.fetch("select from hanse.file")
        assert archive.kept == []


@pytest.fixture
def small_disk(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(disk)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False).returncode:
        absent("the right to mount, which root has,")
    yield disk
    subprocess.run(["umount", "-l", str(disk)], check=True)


async def test_a_full_disk_is_said_and_leaves_nothing(url, small_disk) -> None:
    archive = Archive(url, small_disk / "kept")
    try:
        status, body = await send(archive, 30)
        assert (status, b"file_store_full" in body) == (507, True)
        async with Database(DatabaseConfig(url=Secret(url))) as database:
            assert not await database.fetch("select from hanse.file")
        assert archive.kept == []
        assert (await send(archive, 2))[0] == 200
    finally:
        archive.end()


async def test_at_a_domain_of_another_site_an_address_opens_nothing(archive) -> None:
    _, body = await send(archive, 1)
    path = body.decode().split()[2]
    seen = {}
    for site in ("default", "other"):
        reader, writer = await asyncio.open_unix_connection(str(archive.folder.parent / "gate"))
        writer.write(f"HEAD {path} HTTP/1.1\r\nhost: x\r\nhanse-site: {site}\r\n\r\n".encode())
        seen[site] = int((await reader.readuntil(b"\r\n\r\n")).split(b" ", 2)[1])
        writer.close()
    assert seen == {"default": 200, "other": 404}
