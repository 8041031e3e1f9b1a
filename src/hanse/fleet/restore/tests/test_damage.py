"""What is damaged in a backup is found, whatever it is."""

import gzip
import hashlib
import io
import json
import tarfile

import pytest

from hanse import FileStoreConfig
from hanse.fleet.backup.place import Place, PlaceError
from hanse.fleet.backup.stream.segment import SEGMENT_BYTES
from hanse.fleet.restore.manifest import MANIFEST, faults
from hanse.fleet.restore.unpacking import unpack_archive, unpack_file, unpack_segment

FILES = {"PG_VERSION": b"18\n", "base/1/2": b"rows" * 9000, "empty": b""}


def manifest(files: dict[str, bytes]) -> bytes:
    """As PostgreSQL writes it, with a sum of itself at the end."""
    listed = [
        {"Path": name, "Size": len(body), "Checksum": hashlib.sha256(body).hexdigest()}
        for name, body in files.items()
    ]
    text = f'{{ "Files": {json.dumps(listed)},\n'.encode()
    return text + f'"Manifest-Checksum": "{hashlib.sha256(text).hexdigest()}"}}\n'.encode()


@pytest.fixture
def data(tmp_path):
    for name, body in {**FILES, MANIFEST: manifest(FILES)}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(body)
    return tmp_path


def test_a_base_as_it_was_taken_has_no_fault(data):
    assert faults(data) == []


@pytest.mark.parametrize(
    ("name", "change", "said"),
    [
        ("base/1/2", lambda body: body[:-1] + b"X", "base/1/2 is changed"),
        ("base/1/2", lambda body: body[:-1], "base/1/2 is changed"),
        ("base/1/2", lambda body: body + b"more", "base/1/2 is changed"),
        ("PG_VERSION", lambda _: None, "PG_VERSION is missing"),
        (MANIFEST, lambda body: body[:100], "backup_manifest is missing or cut short"),
        (MANIFEST, lambda _: None, "backup_manifest is missing or cut short"),
        (MANIFEST, lambda body: body.replace(b'"empty"', b'"PG_VERSION"'), "backup_manifest is changed"),
    ],
)  # fmt: skip
def test_one_that_was_changed_has(data, name, change, said):
    body = change((data / name).read_bytes())
    (data / name).unlink()
    if body is not None:
        (data / name).write_bytes(body)
    assert said in faults(data)


@pytest.fixture
def place(tmp_path) -> Place:
    return Place(FileStoreConfig(folder=tmp_path / "place"))


def archive(files: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as made:
        for name, body in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(body)
            made.addfile(info, io.BytesIO(body))
    return packed.getvalue()


async def test_an_archive_comes_out_as_it_went_in(place, tmp_path):
    await place.write("7/base", archive(FILES))
    unpack_archive(place, "7/base", tmp_path / "data")
    assert {name: (tmp_path / "data" / name).read_bytes() for name in FILES} == FILES
    assert (tmp_path / "data").stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("change", [lambda one: one[:-9], lambda one: one[:-6] + b"\0\0" + one[-4:], lambda _: b"x"])  # fmt: skip
async def test_one_that_is_damaged_is_refused(place, tmp_path, change):
    await place.write("7/base", change(archive(FILES)))
    with pytest.raises(PlaceError, match=r"7/base in .* is (damaged|cut short)"):
        unpack_archive(place, "7/base", tmp_path / "data")


@pytest.mark.parametrize("name", ["../outside", "base/../../outside", "/outside"])
async def test_one_that_leads_outside_is_refused(place, tmp_path, name):
    await place.write("7/base", archive({name: b"x"}))
    with pytest.raises(PlaceError, match="damaged"):
        unpack_archive(place, "7/base", tmp_path / "data")
    assert not (tmp_path / "outside").exists()


async def test_one_with_a_link_in_it_is_refused(place, tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as made:
        link = tarfile.TarInfo("base")
        link.type, link.linkname = tarfile.SYMTYPE, str(tmp_path)
        made.addfile(link)
    await place.write("7/base", packed.getvalue())
    with pytest.raises(PlaceError, match="neither a file nor a folder"):
        unpack_archive(place, "7/base", tmp_path / "data")


async def test_a_segment_that_is_cut_short_is_refused_unless_it_was_only_begun(place, tmp_path):
    whole = bytes(SEGMENT_BYTES)
    for name, body in (("wal/a.gz", whole), ("wal/b.gz", whole[:-1]), ("r/c.partial.gz", b"")):
        await place.write(name, gzip.compress(body, 1))
    await place.write("wal/d.gz", gzip.compress(whole, 1)[:-20])
    unpack_segment(place, "wal/a.gz", tmp_path / "a")
    assert (tmp_path / "a").read_bytes() == whole
    with pytest.raises(PlaceError, match="cut short"):
        unpack_segment(place, "wal/b.gz", tmp_path / "b")
    unpack_segment(place, "r/c.partial.gz", tmp_path / "c")
    assert not (tmp_path / "c").exists()
    with pytest.raises(PlaceError, match="cut short"):
        unpack_segment(place, "wal/d.gz", tmp_path / "d")


async def test_what_is_gone_is_said_to_be(place, tmp_path):
    await place.write("x", b"")
    with pytest.raises(PlaceError, match="cannot be reached"):
        unpack_file(place, "gone", tmp_path / "a")
