"""Files in entities: true, of their site and held; gone when nobody refers to them; opened by signed addresses."""

import asyncio
import re
from typing import Annotated
from urllib.parse import parse_qs

import msgspec
import pytest

from hanse import (
    PUBLIC,
    Accepts,
    Database,
    File,
    Files,
    InvalidArgument,
    NotFound,
    Principal,
    Service,
    Struct,
    rpc,
)
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.testing import World

DAY = 86_400
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 40
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)
ANYBODY = Principal("member", "ada")


class Proof(Struct, frozen=True):
    scan: File | None = None


@entity("hiring.applications", deletes="soft")
class Application(Entity):
    """Somebody applies."""

    name: str
    cv: Annotated[File, Accepts("application/pdf", max_bytes=50_000)] | None = None
    more: tuple[File, ...] = ()
    proof: Proof | None = None


class Desk(Service):
    """Keeps applications and their files."""

    def __init__(self, items: Collection[Application], files: Files, database: Database) -> None:
        self._items = items
        self._files = files

    @rpc("POST /desk/v1/files", allow=PUBLIC)
    async def save(self, name: str, content: bytes, kinds: tuple[str, ...] = ()) -> File:
        async def pieces():
            for at in range(0, len(content), 1000):
                yield content[at : at + 1000]

        return await self._files.save(name, pieces(), Accepts(*kinds, max_bytes=100_000))

    @rpc("POST /desk/v1/items", allow=PUBLIC)
    async def create(self, item: Application) -> Application:
        return await self._items.create(item)

    @rpc("PATCH /desk/v1/items/{id}", allow=PUBLIC)
    async def attach(self, id: str, cv: File | None) -> Application:
        return await self._items.update(id, {"cv": cv})

    @rpc("DELETE /desk/v1/items/{id}", allow=PUBLIC)
    async def delete(self, id: str) -> None:
        await self._items.delete(id)

    @rpc("GET /desk/v1/items/{id}", allow=PUBLIC)
    async def get(self, id: str) -> Application:
        return await self._items.get(id)

    @rpc("POST /desk/v1/urls", allow=PUBLIC)
    async def url(self, file: File, seconds: int = 300) -> str:
        return self._files.url(file, seconds=seconds)

    @rpc("POST /desk/v1/contents", allow=PUBLIC)
    async def content(self, file: File) -> bytes:
        return b"".join([piece async for piece in self._files.read(file)])


@pytest.fixture
async def world():
    async with World(Desk) as world:
        yield world


@pytest.fixture
def desk(world):
    return world.get(Desk)


def on_disk(world) -> int:
    return sum(1 for one in world.host.config.file_store.folder.rglob("*") if one.is_file())


async def rows(world) -> int:
    return len(await world.database.fetch("select from hanse.file"))


async def sweep(world, after: float = 0.0) -> None:
    world.clock.advance(after)
    await world.host.kept_files.sweep.once()


# What a file is.


async def test_a_file_is_described_by_what_is_in_it(world, desk) -> None:
    file = await desk.save(r"C:\Users\ada\my cv.pdf", PDF)
    assert (file.name, file.size, file.media_type) == ("my cv.pdf", len(PDF), "application/pdf")
    assert await desk.content(file) == PDF


@pytest.mark.parametrize(
    ("content", "kinds", "told"),
    [
        (b"plain words", ("text/plain",), "text/plain"),
        (b"<script>alert(1)</script>", ("text/plain",), "text/plain"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", (), "text/plain"),
        (b"BM is how this text begins", ("text/plain",), "text/plain"),
        ("ä".encode() * 9000, ("text/*",), "text/plain"),
        (b"", ("text/plain",), "text/plain"),
        (b"\x89PNG\r\n\x1a\n" + bytes(60), ("image/*",), "image/png"),
        (b"\x81\x82\x83", (), "application/octet-stream"),
        (OLE, (), "application/x-ole-storage"),
        (b"a" * 9000 + b"\0", (), "application/octet-stream"),
    ],
    ids=[
        "text",
        "script",
        "svg",
        "like a picture",
        "over the beginning",
        "empty",
        "picture",
        "bytes",
        "old Word",
        "no text at its end",
    ],
)
async def test_content_says_the_kind(desk, content, kinds, told) -> None:
    assert (await desk.save("x", content, kinds)).media_type == told


@pytest.mark.parametrize(
    "content",
    [
        b"junk" + PDF,
        b"a" * 9000 + b"\0",
        b"a" * 9000 + b"\xff",
        "ä".encode()[:1] * 1,
        b"PK\x03\x04" + bytes(30),
    ],
    ids=[
        "a mark not at its beginning",
        "a NUL late",
        "no UTF-8 late",
        "half a letter",
        "an archive",
    ],
)
async def test_another_kind_is_refused_and_nothing_stays(world, desk, content) -> None:
    with pytest.raises(InvalidArgument):
        await desk.save("cv.pdf", content, ("application/pdf", "text/plain"))
    assert (on_disk(world), await rows(world)) == (0, 0)


@pytest.mark.parametrize("size", [100_001, 300_000])
async def test_a_byte_too_many_is_refused_and_nothing_stays(world, desk, size) -> None:
    assert (await desk.save("x", bytes(100_000))).size == 100_000
    with pytest.raises(InvalidArgument, match="100000 bytes at most"):
        await desk.save("x", bytes(size))
    assert (on_disk(world), await rows(world)) == (1, 1)


@pytest.mark.parametrize("kind", ["pdf", "text/html", "text/csv", "image/PNG", "a/b; c=d", "/x"])
def test_a_kind_that_content_cannot_prove_is_refused_where_it_is_written(kind) -> None:
    with pytest.raises(ValueError, match="media type|content does not prove"):
        Accepts(kind)


# In entities.


async def test_an_entity_holds_its_files_and_gives_them_back(desk) -> None:
    cv, one, scan = [await desk.save(name, PDF) for name in ("cv.pdf", "one.pdf", "scan.pdf")]
    made = await desk.create(Application(name="Ada", cv=cv, more=(one,), proof=Proof(scan=scan)))
    read = await desk.get(made.id)
    assert (read.cv, read.more, read.proof) == (cv, (one,), Proof(scan=scan))


LIES = {
    "another size": {"size": 1},
    "another kind": {"media_type": "application/pdf", "sha256": "0" * 64},
    "another name": {"name": "other.pdf"},
    "another id": {"id": "file_01kdwcj2m0eayakw5kaj9tk6vb"},
}


@pytest.mark.parametrize("lie", LIES)
async def test_what_is_said_of_a_file_has_to_be_true(desk, lie) -> None:
    from msgspec.structs import replace

    file = await desk.save("cv.pdf", PDF)
    made = await desk.create(Application(name="Ada"))
    forged = replace(file, **LIES[lie])
    with pytest.raises(InvalidArgument) as caught:
        await desk.create(Application(name="Ada", cv=forged))
    assert [one.field for one in caught.value.violations] == ["cv"]
    with pytest.raises(InvalidArgument):
        await desk.attach(made.id, forged)
    with pytest.raises(InvalidArgument) as caught:
        await desk.create(Application(name="Ada", more=(file, forged)))
    assert [one.field for one in caught.value.violations] == ["more[1]"]


async def test_a_field_takes_what_it_says_however_the_file_came(desk) -> None:
    text = await desk.save("cv.pdf", b"words")
    large = await desk.save("cv.pdf", PDF + bytes(60_000))
    for wrong, rule in ((text, "kind"), (large, "size <= 50000")):
        with pytest.raises(InvalidArgument) as caught:
            await desk.create(Application(name="Ada", cv=wrong))
        assert [(one.field, one.rule) for one in caught.value.violations] == [("cv", rule)]


async def test_a_site_has_its_own_files_alone(world, desk) -> None:
    other = world.get(Desk, as_=ANYBODY, site="other")
    file = await desk.save("cv.pdf", PDF)
    with pytest.raises(InvalidArgument):
        await other.create(Application(name="Eve", cv=file))
    with pytest.raises(NotFound):
        await other.content(file)


# Swept.


async def test_what_nobody_refers_to_goes_and_all_else_stays(world, desk) -> None:
    cv, one, scan, orphan = [await desk.save(f"{n}.pdf", PDF) for n in range(4)]
    made = await desk.create(Application(name="Ada", cv=cv, more=(one,), proof=Proof(scan=scan)))
    gone = await desk.create(Application(name="Eve", cv=cv))
    await desk.delete(gone.id)
    await sweep(world, DAY - 1)
    assert await desk.content(orphan) == PDF
    await sweep(world, 2)  # hidden
    with pytest.raises(NotFound):
        await desk.content(orphan)
    with pytest.raises(InvalidArgument):
        await desk.create(Application(name="Eve", cv=orphan))
    assert on_disk(world) == 4
    for _ in range(3):
        await sweep(world, DAY + 1)
    assert (on_disk(world), await rows(world)) == (3, 3)
    for file in (cv, one, scan):
        assert await desk.content(file) == PDF
    await desk.attach(made.id, None)


async def test_what_is_deleted_softly_keeps_its_files(world, desk) -> None:
    cv = await desk.save("cv.pdf", PDF)
    made = await desk.create(Application(name="Ada", cv=cv))
    await desk.delete(made.id)
    for _ in range(3):
        await sweep(world, DAY + 1)
    assert on_disk(world) == 1


async def test_another_sites_document_keeps_nothing(world, desk) -> None:
    file = await desk.save("cv.pdf", PDF)
    await world.get(Desk, as_=ANYBODY, site="other").save("swept with it.pdf", PDF)
    await world.database.execute(
        "insert into hiring.applications (site_id, id, revision, create_time, update_time, shape, doc) "
        "select 'other', gen_random_uuid(), 1, $1, $1, 1, $2::jsonb",
        world.clock.now(),
        msgspec.json.encode({"name": "x", "cv": file}),
    )
    for _ in range(2):
        await sweep(world, DAY + 1)
    assert on_disk(world) == 0


async def test_who_refers_to_a_file_while_it_is_swept_keeps_it_or_is_told(world, desk) -> None:
    file = await desk.save("cv.pdf", PDF)
    world.clock.advance(DAY + 1)
    holding, goes_on = asyncio.Event(), asyncio.Event()

    async def write() -> None:
        async with world.database.transaction():
            await world.database.fetch(
                "select from hanse.file where delete_time is null order by id for key share"
            )
            holding.set()
            await goes_on.wait()
            await world.database.execute(
                "insert into hiring.applications (site_id, id, revision, create_time, update_time, shape, doc) "
                "values ('default', gen_random_uuid(), 1, $1, $1, 1, $2::jsonb)",
                world.clock.now(),
                msgspec.json.encode({"name": "x", "cv": file}),
            )

    writing = asyncio.create_task(write())
    await holding.wait()
    await sweep(world)  # passes over what is held
    goes_on.set()
    await writing
    assert await desk.content(file) == PDF
    for _ in range(3):
        await sweep(world, DAY + 1)
    assert await desk.content(file) == PDF


async def test_what_was_broken_off_is_swept_too(world, desk) -> None:
    from uuid import uuid4

    from hanse.runtime.data.files.file_rows import FileRows
    from hanse.runtime.data.files.store import path_of

    file = uuid4()
    await FileRows(world.database).begin("default", file)
    left = world.host.config.file_store.folder / f"{path_of('default', file)}#1"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"half")
    await sweep(world, DAY - 1)
    assert (on_disk(world), await rows(world)) == (1, 1)
    await sweep(world, 2)
    assert (on_disk(world), await rows(world)) == (0, 0)


async def test_one_host_sweeps_at_a_time(world, desk) -> None:
    from hanse.runtime.data.transaction import lock_key

    await desk.save("cv.pdf", PDF)
    world.clock.advance(3 * DAY)
    other = Database(world.database.config)
    async with other, other.transaction():
        await other.fetch("select pg_advisory_xact_lock($1)", lock_key("hanse.file sweep"))
        await sweep(world)
        assert await rows(world) == 1
        assert not await world.database.fetch(
            "select from hanse.file where delete_time is not null"
        )


# At signed addresses.


async def test_an_address_opens_its_file_to_be_saved_and_never_shown(world, desk) -> None:
    file = await desk.save('Lebenslauf \u202eäß".pdf', PDF)
    got = await world.http().get(await desk.url(file))
    assert (got.status, got.body) == (200, PDF)
    headers = dict(got.headers)
    assert headers["content-type"] == "application/pdf"
    assert headers["content-disposition"] == (
        "attachment; filename=\"Lebenslauf _____.pdf\"; filename*=UTF-8''Lebenslauf%20%C3%A4%C3%9F%22.pdf"
    ).replace("_____", "___")
    assert headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in headers["content-security-policy"]
    assert headers["cache-control"] == "private, no-store"


async def saved_as(world, url: str) -> str:
    got = await world.http().get(url)
    assert got.status == 200
    return dict(got.headers)["content-disposition"].partition(";")[2].partition(";")[0].strip()


async def test_what_a_file_is_called_stands_in_its_address_alone_and_sealed(world, desk) -> None:
    url = await desk.url(await desk.save("Zqname.pdf", PDF))
    (row,) = await world.database.fetch("select f::text as said from hanse.file f")
    assert "Zqname" not in row["said"] + url
    start, sealed, end = re.split("(&name=[^&]+)", url)
    other = re.split("(&name=[^&]+)", await desk.url(await desk.save("other.pdf", PDF)))[1]
    assert await saved_as(world, url) == 'filename="Zqname.pdf"'
    for changed in ("", other, sealed[:-1], "&name=x"):
        assert await saved_as(world, start + changed + end) == 'filename="file"', changed


async def test_a_name_that_a_release_before_kept_is_told_until_a_sweep_comes_by(
    world, desk
) -> None:
    used, unused = await desk.save("cv.pdf", PDF), await desk.save("cv.pdf", PDF)
    await desk.create(Application(name="Ada", cv=used))
    await world.database.execute("update hanse.file set name = 'of before.pdf'")
    start, _, end = re.split("(&name=[^&]+)", await desk.url(unused))
    assert await saved_as(world, start + end) == 'filename="of before.pdf"'
    await sweep(world, 90_000)
    left = await world.database.fetch("select name from hanse.file")
    assert [row["name"] for row in left] == ["", ""]
    assert await desk.content(used) == PDF


async def test_an_address_holds_until_its_end_by_business_time(world, desk) -> None:
    url = await desk.url(await desk.save("cv.pdf", PDF), seconds=60)
    world.clock.advance(59)
    assert (await world.http().get(url)).status == 200
    world.clock.advance(2)
    assert (await world.http().get(url)).status == 404


async def test_an_address_with_anything_changed_opens_nothing(world, desk) -> None:
    file, other = await desk.save("cv.pdf", PDF), await desk.save("other.pdf", PDF)
    url = await desk.url(file)
    path, query = url.split("?")
    given = {name: one for name, (one,) in parse_qs(query).items()}
    tried = [
        url.replace(file.id, other.id),
        url.replace("site=default", "site=other"),
        url.replace(f"end={given['end']}", f"end={int(given['end']) + 1}"),
        url[:-1] + ("A" if url[-1] != "A" else "B"),
        url + "&site=other",
        path,
        f"{path}?{query.partition('&')[2]}",
        f"{path}?site=default&end=x&signature=y",
        f"{path}?site=default&end={'9' * 4000}&signature=y",
        url.replace(file.id, "file_x"),
        url.replace(file.id, "..%2f..%2fetc%2fpasswd"),
    ]
    for one in tried:
        assert (await world.http().get(one)).status == 404, one
    assert (await world.http().get(url)).status == 200


async def test_a_signature_is_of_one_site(world, desk) -> None:
    file = await desk.save("cv.pdf", PDF)
    given = parse_qs((await desk.url(file)).partition("?")[2])
    end, signature = int(given["end"][0]), given["signature"][0]
    opens = world.host.kept_files.opens
    assert opens("default", file.id, end, signature)
    assert not opens("other", file.id, end, signature)


async def test_a_strangers_file_is_not_there_with_a_signature_of_ones_own(world, desk) -> None:
    """Whoever signs with the service of another site signs for that site."""
    file = await desk.save("cv.pdf", PDF)
    other = world.get(Desk, as_=ANYBODY, site="other")
    assert (await world.http().get(await other.url(file))).status == 404


RANGES = [
    ("bytes=0-0", 206, PDF[:1]),
    ("bytes=10-19", 206, PDF[10:20]),
    ("bytes=10-", 206, PDF[10:]),
    ("bytes=-5", 206, PDF[-5:]),
    ("bytes=-999999", 206, PDF),
    ("bytes=5-999999999999", 206, PDF[5:]),
    (f"bytes={len(PDF)}-", 416, b""),
    ("bytes=-0", 416, b""),
    ("bytes=5-2", 200, PDF),
    ("bytes=0-1,4-5", 200, PDF),
    ("lines=1-2", 200, PDF),
    ("bytes=-", 200, PDF),
]


@pytest.mark.parametrize(("asked", "status", "body"), RANGES, ids=[one[0] for one in RANGES])
async def test_a_part_is_had_by_range(world, desk, asked, status, body) -> None:
    url = await desk.url(await desk.save("cv.pdf", PDF))
    got = await world.http().get(url, {"range": asked})
    assert (got.status, got.body) == (status, body)
    if status == 206:
        at = PDF.rfind(body) if asked.startswith("bytes=-") else PDF.find(body)
        assert got.headers["content-range"] == f"bytes {at}-{at + len(body) - 1}/{len(PDF)}"


async def test_a_part_of_another_file_is_all_of_this(world, desk) -> None:
    file = await desk.save("cv.pdf", PDF)
    url = await desk.url(file)
    other = await world.http().get(url, {"range": "bytes=0-1", "if-range": '"other"'})
    same = await world.http().get(url, {"range": "bytes=0-1", "if-range": f'"{file.sha256}"'})
    assert (other.status, same.status) == (200, 206)


@pytest.mark.parametrize("seconds", [0, -1, 7 * DAY + 1])
async def test_an_address_is_for_a_while(desk, seconds) -> None:
    file = await desk.save("cv.pdf", PDF)
    with pytest.raises(Exception, match="failed"):
        await desk.url(file, seconds)
