"""Forms with files: taken in as they come, kept before the method runs, gone where the form is refused."""

import asyncio
from typing import Annotated

import pytest

from hanse import PUBLIC, SIGNED_IN, Html, Principal, Service, form, rpc
from hanse.runtime.contract.file import Accepts, File, RefusedFiles
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.data.files.files import Files
from hanse.runtime.server.tests.wire import PATIENCE, Peer
from hanse.testing import World

PDF = b"%PDF-1.7\n" + b"content of a page\n" * 10
BOUNDARY = "----hanseBoundary7MA4YWxk"
KIND = {"content-type": f"multipart/form-data; boundary={BOUNDARY}"}
LIMIT = 300_000
ALL_TAKEN = RefusedFiles()


class Careers(Service):
    def __init__(self, files: Files) -> None:
        self._files = files

    @rpc("GET /careers/v1/count", allow=PUBLIC)
    async def count(self) -> int:
        return 1

    @form("/apply", allow=PUBLIC)
    async def apply(
        self,
        name: str,
        cv: Annotated[File, Accepts("application/pdf", max_bytes=LIMIT)],
        photo: Annotated[File, Accepts("image/*")] | None = None,
        *,
        agreed: bool,
        tags: tuple[str, ...] = (),
    ) -> Html:
        return Html(
            repr((name, cv.name, cv.size, cv.media_type, photo, agreed, tags))
            + "|"
            + self._files.url(cv)
        )

    @form("/staff", allow=SIGNED_IN)
    async def staff(self, cv: File) -> Html:
        return Html(cv.id)


def part(name, body=b"", filename=None, kind="", more="") -> bytes:
    named = f'; filename="{filename}"' if filename is not None else ""
    kind = f"content-type: {kind}\r\n" if kind else ""
    head = (
        f'--{BOUNDARY}\r\ncontent-disposition: form-data; name="{name}"{named}\r\n{kind}{more}\r\n'
    )
    return head.encode() + (body.encode() if isinstance(body, str) else body) + b"\r\n"


def whole(*parts: bytes) -> bytes:
    return b"".join(parts) + f"--{BOUNDARY}--\r\n".encode()


@pytest.fixture
async def world():
    async with World(Careers) as world:
        yield world


async def kept(world) -> int:
    rows = await world.database.fetch("select count(*)::int as n from hanse.file")
    folder = world.host.config.file_store.folder
    on_disk = sum(1 for one in folder.rglob("*") if one.is_file())
    assert rows[0]["n"] == on_disk
    return on_disk


async def send(world, body, path="/apply", headers=KIND):
    return await world.http().request("POST", path, body, headers)


async def test_a_file_comes_with_the_fields_around_it(world) -> None:
    body = whole(
        part("name", "Ada"),
        part("cv", PDF, r"C:\fake\cv.pdf", "application/pdf"),
        part("photo", b"", "", "application/octet-stream"),
        part("tags", "a"),
        part("tags", "b"),
    )
    answer = await send(world, body)
    assert answer.status == 200, answer.body
    told, _, url = answer.body.decode().partition("|")
    assert told == repr(("Ada", "cv.pdf", len(PDF), "application/pdf", None, False, ("a", "b")))
    assert await kept(world) == 1
    got = await world.http().get(url)
    assert (got.status, got.body) == (200, PDF)


GOOD = (part("name", "Ada"), part("cv", PDF, "cv.pdf"))


@pytest.mark.parametrize(
    ("parts", "status", "field"),
    [
        ((part("name", "Ada"),), 400, "cv"),
        ((part("name", "Ada"), part("cv", b"", "")), 400, "cv"),
        ((part("cv", PDF, "cv.pdf"),), 400, "name"),
        ((*GOOD, part("cv", PDF, "again.pdf")), 400, "cv"),
        ((*GOOD, part("name", "Eve")), 400, "name"),
        ((*GOOD, part("other", "x")), 400, "other"),
        ((*GOOD, part("other", PDF, "x.pdf")), 400, "other"),
        ((*GOOD, part("name", PDF, "x.pdf")), 400, "name"),
        ((part("name", "Ada"), part("cv", PDF)), 400, "cv"),
        ((*GOOD, part("agreed", "maybe")), 400, "agreed"),
    ],
    ids=[
        "no file",
        "nothing chosen",
        "no name",
        "a file twice",
        "a name twice",
        "unknown",
        "unknown file",
        "file for a text",
        "text for a file",
        "box",
    ],
)
async def test_what_does_not_fit_is_named_and_nothing_is_kept(world, parts, status, field) -> None:
    answer = await send(world, whole(*parts))
    assert (answer.status, answer.json["violations"][0]["field"]) == (status, field)
    assert await kept(world) == 0


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        (b"<html><script>alert(1)</script>", 415, "file_kind"),
        (b"MZ\x90\0" + bytes(300), 415, "file_kind"),
        (b"", 415, "file_kind"),
        (PDF + bytes(LIMIT), 413, "file_too_large"),
        (PDF + bytes(LIMIT * 3), 413, "file_too_large"),
    ],
    ids=["a page", "a program", "empty", "a little too large", "much too large"],
)
async def test_content_decides_whatever_name_and_header_say(world, content, status, code) -> None:
    body = whole(part("name", "Ada"), part("cv", content, "cv.pdf", "application/pdf"))
    answer = await send(world, body)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert await kept(world) == 0


HOSTILE = {
    "no end": (b"".join(GOOD), KIND),
    "an end in the middle of the file": (b"".join(GOOD)[:-40], KIND),
    "another boundary": (whole(*GOOD).replace(BOUNDARY.encode(), b"other"), KIND),
    "no boundary": (whole(*GOOD), {"content-type": "multipart/form-data"}),
    "two boundaries": (whole(*GOOD), {"content-type": KIND["content-type"] + "; boundary=other"}),
    "a boundary too long": (
        whole(*GOOD),
        {"content-type": "multipart/form-data; boundary=" + "x" * 71},
    ),
    "two dispositions": (
        whole(*GOOD, part("tags", "x", more='content-disposition: form-data; name="name"\r\n')),
        KIND,
    ),
    "no file but its name": (whole(part("name", "Ada"), part("cv", b"", "cv.pdf")), KIND),
    "bare line feeds": (whole(*GOOD).replace(b"\r\n", b"\n"), KIND),
    "no name": (
        whole(
            *GOOD, b"--" + BOUNDARY.encode() + b"\r\ncontent-disposition: form-data\r\n\r\nx\r\n"
        ),
        KIND,
    ),
    "no disposition": (whole(*GOOD, b"--" + BOUNDARY.encode() + b"\r\n\r\nx\r\n"), KIND),
    "an attachment": (whole(*GOOD).replace(b"form-data; name", b"attachment; name"), KIND),
    "thousands of parts": (whole(*GOOD, *(part("tags", "x") for _ in range(3000))), KIND),
    "many headers": (whole(part("name", "Ada", more="x-a: b\r\n" * 20)), KIND),
    "a huge header": (whole(part("name", "Ada", more="x-a: " + "b" * 9000 + "\r\n")), KIND),
    "another charset": (whole(*GOOD, part("tags", "x", kind="text/plain; charset=utf-16")), KIND),
    "no UTF-8": (whole(*GOOD, part("tags", b"\xff\xfe")), KIND),
    "a NUL": (whole(*GOOD, part("tags", b"a\0b")), KIND),
    "base64": (
        whole(*GOOD, part("tags", "eA==", more="content-transfer-encoding: base64\r\n")),
        KIND,
    ),
    "a name of no UTF-8": (whole(*GOOD).replace(b'"name"', b'"\xff"'), KIND),
    "mixed": (whole(*GOOD), {"content-type": KIND["content-type"].replace("form-data", "mixed")}),
    "JSON": (b"{}", {"content-type": "application/json"}),
    "too much text": (whole(*GOOD, part("tags", "x" * 70_000)), KIND),
}


@pytest.mark.parametrize("name", HOSTILE)
async def test_what_is_no_form_is_refused_and_nothing_is_kept(world, name) -> None:
    body, headers = HOSTILE[name]
    answer = await send(world, body, headers=headers)
    assert 400 <= answer.status < 500, answer.status
    assert answer.json["detail"]
    assert await kept(world) == 0


async def test_what_stands_around_the_parts_is_nobodys(world) -> None:
    body = b"preamble\r\n" + whole(*GOOD) + part("name", "Eve") + part("cv", PDF, "eve.pdf")
    answer = await send(world, body)
    assert (
        answer.status,
        answer.body.startswith(b"(&#x27;Ada") or b"'Ada', 'cv.pdf'" in answer.body,
    ) == (200, True)
    assert await kept(world) == 1


async def test_a_form_cut_at_any_byte_is_read_alike(world) -> None:
    body = whole(*GOOD)
    head = (
        "POST /apply HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n"
        f"content-type: {KIND['content-type']}\r\n\r\n"
    ).encode()
    for size in (1, 2, 7, len(body) - 2, len(body) - 1):
        chunks = [body[at : at + size] for at in range(0, len(body), size)]
        sent = b"".join(b"%x\r\n%b\r\n" % (len(one), one) for one in chunks) + b"0\r\n\r\n"
        async with await Peer.tcp(world.host) as peer:
            answer = await peer.ask(head + sent)
        assert answer.status == 200, (size, answer.body)
    assert await kept(world) == 5


async def test_who_may_not_send_it_has_nothing_kept(world) -> None:
    stranger = await send(world, whole(part("cv", PDF, "a.pdf")), "/staff")
    other = await send(world, whole(*GOOD), headers=KIND | {"sec-fetch-site": "cross-site"})
    assert (stranger.status, other.status) == (401, 403)
    assert await kept(world) == 0
    staff = world.http(Principal("staff", "eve"))
    assert (
        await staff.request("POST", "/staff", whole(part("cv", PDF, "a.pdf")), KIND)
    ).status == 200


async def test_without_a_file_the_plain_form_is_read_too(world) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    answer = await send(world, b"name=Ada&agreed=on", headers=kind)
    assert (answer.status, answer.json["violations"][0]["field"]) == (400, "cv")
    text = await send(world, b"name=Ada&cv=x", headers=kind)
    assert (text.status, text.json["violations"][0]["field"]) == (400, "cv")


async def test_a_sender_that_leaves_leaves_nothing(world) -> None:
    body = whole(part("name", "Ada"), part("cv", PDF + bytes(LIMIT - 1000), "cv.pdf"))
    head = f"POST /apply HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\ncontent-type: {KIND['content-type']}\r\n\r\n"
    async with await Peer.tcp(world.host) as peer:
        await peer.send(head.encode() + body[: len(body) // 2])
        async with asyncio.timeout(PATIENCE):
            while not await world.database.fetch("select from hanse.file"):
                await asyncio.sleep(0.01)
    async with asyncio.timeout(PATIENCE):
        while await world.database.fetch("select from hanse.file"):
            await asyncio.sleep(0.01)
    assert await kept(world) == 0


class Desk(Service):
    """Says itself what is wrong with a file."""

    @form("/desk", allow=PUBLIC)
    async def put(
        self,
        name: str,
        cv: Annotated[File, Accepts("application/pdf", max_bytes=LIMIT)] | None = None,
        photo: Annotated[File, Accepts("image/*")] | None = None,
        *,
        refused: RefusedFiles = ALL_TAKEN,
        after: str = "",
    ) -> Html:
        return Html(f"{name} {cv and cv.name} {photo and photo.name} {dict(refused.codes)} {after}")


TOLD = {
    "another kind": (b"<script>", {"cv": "file_kind"}),
    "no text at its end": (b"a" * 9000 + b"\0", {"cv": "file_kind"}),
    "too large": (PDF + bytes(LIMIT), {"cv": "file_too_large"}),
    "much too large": (PDF + bytes(30 * 1024 * 1024), {"cv": "file_too_large"}),
}


@pytest.mark.parametrize("case", TOLD)
async def test_a_form_that_asks_for_it_is_told_what_was_not_taken_and_has_the_rest(case):
    content, codes = TOLD[case]
    async with World(Desk) as world:
        body = whole(
            part("name", "Ada"),
            part("cv", content, "cv.pdf"),
            part("photo", b"\x89PNG\r\n\x1a\n" + bytes(60), "me.png"),
            part("after", "all"),
        )
        answer = await world.http().post("/desk", body, KIND)
        assert answer.text == f"Ada None me.png {codes} all"
        assert (
            sum(1 for one in world.host.config.file_store.folder.rglob("*") if one.is_file()) == 1
        )


async def test_what_is_beyond_all_bounds_is_refused_before_it_comes():
    async with World(Desk) as world:
        peer = await Peer.tcp(world.host)
        head = f"POST /desk HTTP/1.1\r\nhost: x\r\ncontent-length: {1 << 30}\r\n"
        kind = f"content-type: {KIND['content-type']}\r\n\r\n"
        assert (await peer.ask((head + kind).encode())).status == 413
        await peer.close()


def test_a_form_that_is_called_without_a_file_has_to_be_callable_so():
    with pytest.raises(DeclarationError, match="cv may be refused and has no default"):

        class Wrong(Service):
            @form("/wrong", allow=PUBLIC)
            async def put(self, cv: File, refused: RefusedFiles = ALL_TAKEN) -> Html: ...

    with pytest.raises(DeclarationError, match="takes RefusedFiles and no file"):

        class Empty(Service):
            @form("/empty", allow=PUBLIC)
            async def put(self, refused: RefusedFiles = ALL_TAKEN) -> Html: ...
