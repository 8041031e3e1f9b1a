"""What keeps the bytes of files, alike in a folder and in S3."""

import os
import sys
from uuid import uuid4

import pytest
from msgspec.structs import replace

from hanse import ConfigurationError, FileStoreConfig, Secret
from hanse.runtime.data.files.failures import StoreAway
from hanse.runtime.data.files.store import PART_BYTES, FileStore, path_of
from hanse.runtime.data.files.tests.s3_server import POOR_KEY
from hanse.runtime.data.files.tests.stores import in_bucket

SITE = "acme"


async def pieces(*given: bytes):
    for one in given:
        yield one


async def content(found) -> bytes:
    return b"".join([piece async for piece in found])


@pytest.fixture
def store(config) -> FileStore:
    return FileStore(config)


@pytest.mark.parametrize("size", [0, 1, 70_000, PART_BYTES, PART_BYTES + 1, 3 * PART_BYTES + 17])
async def test_what_comes_in_goes_out(store, size) -> None:
    file, body = uuid4(), os.urandom(size)
    parts = [body[at : at + 64 * 1024] for at in range(0, size, 64 * 1024)]
    await store.put(SITE, file, pieces(*parts))
    assert await content(await store.read(SITE, file, 0, size)) == body
    assert (
        await content(await store.read(SITE, file, size // 3, size // 2))
        == body[size // 3 : size // 2]
    )


async def test_a_file_is_of_its_site_alone(store) -> None:
    file = uuid4()
    await store.put(SITE, file, pieces(b"ours"))
    assert await store.read("other", file, 0, 4) is None
    await store.delete("other", file)
    assert await content(await store.read(SITE, file, 0, 4)) == b"ours"


async def test_what_is_deleted_is_gone_and_may_be_deleted_again(store) -> None:
    file = uuid4()
    await store.put(SITE, file, pieces(b"x"))
    await store.delete(SITE, file)
    await store.delete(SITE, file)
    assert await store.read(SITE, file, 0, 1) is None


async def test_of_a_bucket_with_versions_nothing_stays_of_what_is_deleted(s3, tmp_path) -> None:
    store, (file, other) = FileStore(in_bucket(s3, tmp_path.name)), (uuid4(), uuid4())
    for body in (b"first", b"second"):
        await store.put(SITE, file, pieces(body))
        await store.put(SITE, other, pieces(body))
    name = f"{tmp_path.name}/{path_of(SITE, file)}"
    s3.client.delete_object(Bucket="files", Key=name)  # by hand, which only marks it
    assert s3.versions("files").count(name) == 3
    await store.delete(SITE, file)
    await store.delete(SITE, file)
    left = [one for one in s3.versions("files") if one.startswith(tmp_path.name)]
    assert left == [f"{tmp_path.name}/{path_of(SITE, other)}"] * 2
    assert await content(await store.read(SITE, other, 0, 6)) == b"second"


async def test_more_versions_than_are_listed_at_once_all_go(s3, tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("hanse.runtime.data.files.versions.PAGE", 2)
    store, file = FileStore(in_bucket(s3, tmp_path.name)), uuid4()
    for _ in range(5):
        await store.put(SITE, file, pieces(b"again"))
    await store.delete(SITE, file)
    assert not [one for one in s3.versions("files") if one.startswith(tmp_path.name)]


async def test_who_may_see_no_versions_is_told_what_is_needed(s3, tmp_path) -> None:
    config = in_bucket(s3, tmp_path.name)
    store, file = FileStore(replace(config, access_key=Secret(POOR_KEY))), uuid4()
    await store.put(SITE, file, pieces(b"x"))
    with pytest.raises(StoreAway, match="s3:ListBucketVersions"):
        await store.delete(SITE, file)


async def test_of_a_bucket_without_versions_it_is_gone_at_once(s3, tmp_path) -> None:
    store, file = FileStore(in_bucket(s3, tmp_path.name, "plain")), uuid4()
    await store.put(SITE, file, pieces(b"x"))
    await store.delete(SITE, file)
    assert s3.versions("plain") == []


async def test_of_what_breaks_off_nothing_stays(store, config) -> None:
    async def breaking():
        yield bytes(PART_BYTES + 1)
        raise ValueError("enough")

    file = uuid4()
    with pytest.raises(ValueError, match="enough"):
        await store.put(SITE, file, breaking())
    assert await store.read(SITE, file, 0, 1) is None
    if config.folder:
        assert not [one for one in config.folder.rglob("*") if one.is_file()]


async def test_a_store_that_is_away_is_said_to_be() -> None:
    away = FileStoreConfig(
        bucket="b", endpoint="http://127.0.0.1:9", access_key=Secret("k"), secret_key=Secret("s")
    )
    store = FileStore(away, retry_seconds=0.2)
    with pytest.raises(StoreAway):
        await store.put(SITE, uuid4(), pieces(b"x"))
    with pytest.raises(StoreAway):
        await store.read(SITE, uuid4(), 0, 1)


def test_a_path_says_nothing_of_the_site_and_cannot_leave_its_place() -> None:
    for site in ("../../etc", "a/b", "", "\0", "acme"):
        path = path_of(site, uuid4())
        assert set(path) <= set("0123456789abcdef/") and path.count("/") == 2


async def test_what_a_killed_writer_left_goes_with_its_file(tmp_path) -> None:
    store, file = FileStore(FileStoreConfig(folder=tmp_path)), uuid4()
    left = tmp_path / f"{path_of(SITE, file)}#1"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    await store.delete(SITE, file)
    assert not left.exists()


async def test_others_cannot_look_into_the_folder(tmp_path) -> None:
    store = FileStore(FileStoreConfig(folder=tmp_path / "kept"))
    await store.put(SITE, uuid4(), pieces(b"x"))
    assert (tmp_path / "kept").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({}, "folder or a bucket"),
        ({"folder": "x", "bucket": "b"}, "folder or a bucket"),
        ({"bucket": "b", "access_key": Secret("k")}, "one is missing"),
    ],
    ids=["neither", "both", "half a key"],
)
def test_what_cannot_be_is_refused_at_once(tmp_path, given, said) -> None:
    if "folder" in given:
        given = given | {"folder": tmp_path}
    with pytest.raises(ConfigurationError, match=said):
        FileStore(FileStoreConfig(**given))


SYNCED = """
import asyncio, os, sys
from pathlib import Path
from uuid import uuid4
from hanse import FileStoreConfig
from hanse.runtime.data.files.store import FileStore, path_of

synced = []
real = os.fsync
def fsync(descriptor):
    synced.append(os.readlink(f"/proc/self/fd/{descriptor}"))
    real(descriptor)
os.fsync = fsync

async def pieces():
    yield b"x"

folder, id = Path(sys.argv[1]), uuid4()
asyncio.run(FileStore(FileStoreConfig(folder=folder)).put("acme", id, pieces()))
file = folder / path_of("acme", id)
assert synced == [str(one) for one in (file, *file.parents[:3])], synced
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
def test_what_is_acknowledged_is_on_the_disk(tmp_path) -> None:
    import subprocess

    subprocess.run([sys.executable, "-c", SYNCED, str(tmp_path)], check=True, timeout=60)
