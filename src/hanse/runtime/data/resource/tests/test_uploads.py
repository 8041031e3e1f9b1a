"""Files of a resource: sent as they are, put into items, had again by who may read them."""

import json
from typing import Annotated

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator, validate

from hanse import (
    PUBLIC,
    Accepts,
    Collection,
    DeclarationError,
    Entity,
    File,
    Files,
    Host,
    HostConfig,
    Principal,
    Resource,
    Service,
    Struct,
    entity,
    permission,
    rpc,
)
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.contract.describe import describe
from hanse.runtime.publish.openapi import openapi
from hanse.runtime.publish.typescript import typescript
from hanse.testing import World

PDF = b"%PDF-1.7\n" + b"a page\n" * 20
PNG = b"\x89PNG\r\n\x1a\n" + bytes(60)
UPLOAD = "/desk/v1/applications:upload"
NOBODY = "application_01h455vb4pex5vsknk084sn02q"
DAY = 86_400


class Proof(Struct, frozen=True):
    scan: Annotated[File, Accepts("image/*", max_bytes=200_000)] | None = None


@entity("desk.applications")
class Application(Entity):
    """Somebody applies."""

    name: str
    cv: Annotated[File, Accepts("application/pdf", max_bytes=1000)] | None = None
    pages: tuple[Annotated[File, Accepts("application/pdf")], ...] = ()
    proof: Proof | None = None


class Applications(
    Resource[Application], read=permission("desk.read"), write=permission("desk.write")
):
    """Who applied."""


class Desk(Service):
    """Takes files by a method of its own."""

    @rpc("POST /desk/v1/drawers/{drawer}/files", allow=PUBLIC, body="paper")
    async def put(self, drawer: str, paper: File, *, tags: tuple[str, ...] = ()) -> str:
        return f"{drawer} {paper.name} {paper.size} {paper.media_type} {','.join(tags)}"


@pytest.fixture
async def world():
    async with World(Applications, Desk) as world:
        yield world


@pytest.fixture
def http(world):
    return of_site(world, "one")


def of_site(world, site, *rights):
    rights = frozenset(rights or ("desk.read", "desk.write"))
    return world.http(Principal("staff", "eve", permissions=rights), site=site)


async def sent(http, content=PDF, name='attachment; filename="cv.pdf"', path=UPLOAD):
    return await http.request("POST", path, content, {"content-disposition": name})


def kept(world) -> int:
    return sum(1 for one in world.host.config.file_store.folder.rglob("*") if one.is_file())


async def test_what_is_sent_stands_in_an_item_and_is_had_again(http):
    cv, scan = (await sent(http)).json, (await sent(http, PNG, "")).json
    assert (cv["name"], cv["size"], cv["media_type"]) == ("cv.pdf", len(PDF), "application/pdf")
    assert (scan["name"], scan["media_type"]) == ("file", "image/png")
    given = {"name": "Ada", "cv": cv, "pages": [cv, cv], "proof": {"scan": scan}}
    made = (await http.post("/desk/v1/applications", given)).json
    for field, content in (("cv", PDF), ("pages[1]", PDF), ("proof.scan", PNG)):
        address = await http.get(f"/desk/v1/applications/{made['id']}:url?field={field}")
        assert (await http.get(address.json)).body == content


async def test_an_address_of_an_item_holds_for_so_long(world, http):
    cv = (await sent(http)).json
    made = (await http.post("/desk/v1/applications", {"name": "Ada", "cv": cv})).json
    asked = f"/desk/v1/applications/{made['id']}:url?field=cv&seconds="
    address = (await http.get(asked + "60")).json
    world.clock.advance(61)
    assert (await http.get(address)).status == 404
    assert (await http.get(asked + "0")).status == 400


async def test_a_place_without_a_file_is_told_from_those_with_one(http):
    cv = (await sent(http)).json
    made = (await http.post("/desk/v1/applications", {"name": "Ada", "cv": cv})).json
    for one, field in ((made["id"], "pages[0]"), (made["id"], "name"), (NOBODY, "cv")):
        answer = await http.get(f"/desk/v1/applications/{one}:url?field={field}")
        assert answer.status == 404
    answer = await http.get(f"/desk/v1/applications/{made['id']}:url?field=name")
    assert answer.json["detail"] == "There is no file at `name`; there are: cv."


async def test_who_may_not_write_sends_nothing_and_who_may_not_read_has_no_address(world, http):
    reader, writer = of_site(world, "one", "desk.read"), of_site(world, "one", "desk.write")
    assert (await sent(reader)).status == 403
    assert (await sent(world.http())).status == 401
    assert kept(world) == 0
    made = (
        await writer.post("/desk/v1/applications", {"name": "A", "cv": (await sent(http)).json})
    ).json
    asked = f"/desk/v1/applications/{made['id']}:url?field=cv"
    assert (await writer.get(asked)).status == 403
    assert (await reader.get(asked)).status == 200


async def test_another_sites_item_has_no_address_and_its_file_no_place(world, http):
    cv = (await sent(http)).json
    made = (await http.post("/desk/v1/applications", {"name": "Ada", "cv": cv})).json
    stranger = of_site(world, "two")
    asked = f"/desk/v1/applications/{made['id']}:url?field=cv"
    assert (await stranger.get(asked)).status == 404
    refused = await stranger.post("/desk/v1/applications", {"name": "Eve", "cv": cv})
    assert [one["field"] for one in refused.json["violations"]] == ["cv"]
    address = (await http.get(asked)).json
    assert (await http.get(address.replace("site=one", "site=two"))).status == 404


REFUSED = {
    "another kind": (b"plain words", 415, "file_kind"),
    "a text called a PDF": (b"<script>alert(1)</script>", 415, "file_kind"),
    "too large": (PDF + bytes(10 * 1024 * 1024), 413, "file_too_large"),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_content_decides_and_what_is_refused_is_not_kept(world, http, case):
    content, status, code = REFUSED[case]
    answer = await sent(http, content)
    assert (answer.status, answer.json["code"]) == (status, code)
    assert kept(world) == 0


async def test_a_bound_of_the_field_is_told_where_the_file_is_put(http):
    large = (await sent(http, PDF + bytes(5000))).json
    refused = await http.post("/desk/v1/applications", {"name": "Ada", "cv": large})
    assert [one["field"] for one in refused.json["violations"]] == ["cv"]
    assert (await http.post("/desk/v1/applications", {"name": "A", "pages": [large]})).status == 200


async def test_what_no_item_holds_goes(world, http):
    await sent(http)
    for _ in range(2):
        world.clock.advance(DAY + 1)
        await world.host.kept_files.sweep.once()
    assert kept(world) == 0


NAMES = {
    'attachment; filename="my cv.pdf"': "my cv.pdf",
    "attachment; filename=cv.pdf": "cv.pdf",
    "attachment; filename*=UTF-8''Lebenslauf%20%C3%A4.pdf": "Lebenslauf ä.pdf",
    "attachment; filename=\"plain\"; filename*=utf-8'de'r%C3%A9sum%C3%A9": "résumé",
    'attachment; filename="a\\"b"': 'a"b',
    'attachment; filename="../../etc/passwd"': "passwd",
    'attachment; FILENAME = "x"': "x",
}


@pytest.mark.parametrize("header", NAMES)
async def test_a_file_is_called_as_its_header_says(http, header):
    assert (await sent(http, name=header)).json["name"] == NAMES[header]


@pytest.mark.parametrize(
    "header", ["attachment", "cv.pdf", "a; filename*=UTF-8''%ff", "a; filename*=latin1''x"]
)
async def test_a_header_that_names_nothing_is_refused(world, http, header):
    answer = await sent(http, name=header)
    assert (answer.status, answer.json["violations"][0]["rule"]) == (400, "filename")
    assert kept(world) == 0


async def test_a_method_of_ones_own_takes_a_file_beside_its_arguments(world):
    path = "/desk/v1/drawers/upper/files"
    answer = await sent(world.http(), b"words", path=f"{path}?tags=a&tags=b")
    assert answer.json == "upper cv.pdf 5 text/plain a,b"
    assert (await sent(world.http(), b"", path=path)).json == "upper cv.pdf 0 text/plain "


async def test_a_call_that_is_refused_keeps_no_file(world):
    answer = await sent(world.http(), path="/desk/v1/drawers/upper/files?tag=a")
    assert (answer.status, kept(world)) == (400, 0)


async def test_a_file_takes_no_key(world, http):
    headers = {"idempotency-key": "k"}
    answer = await http.request("POST", UPLOAD, PDF, headers)
    assert (answer.status, answer.json["code"]) == (400, "idempotency_key_refused")
    assert kept(world) == 0


def test_it_is_published_as_what_it_is():
    described = describe(Applications.__contract__)
    document = openapi([described], title="Desk", version="1")
    validate(json.loads(json.dumps(document)), cls=OpenAPIV31SpecValidator)
    upload = document["paths"][UPLOAD]["post"]
    assert [*upload["requestBody"]["content"]] == ["application/pdf", "image/*"]
    assert f"{10 * 1024 * 1024} bytes" in upload["requestBody"]["description"]
    assert [one["name"] for one in upload["parameters"]] == ["Content-Disposition"]
    assert "413" in upload["responses"]
    assert "get" in document["paths"]["/desk/v1/applications/{id}:url"]
    assert "readonly file: globalThis.Blob;" in typescript([described])


def test_items_without_files_have_no_such_methods():
    @entity("desk.notes")
    class Note(Entity):
        text: str

    class Notes(Resource[Note], allow=PUBLIC):
        """Notes."""

    assert not {"upload", "url"} & {*Notes.__contract__.methods}


def test_a_constructor_that_takes_no_files_is_named():
    with pytest.raises(DeclarationError, match="takes no Files"):

        class Wrong(Resource[Application], allow=PUBLIC):
            """Lacks them."""

            def __init__(self, items: Collection[Application]) -> None:
                super().__init__(items)

    class Right(Resource[Application], allow=PUBLIC, path="right"):
        """Has them."""

        def __init__(self, items: Collection[Application], files: Files) -> None:
            super().__init__(items, files)


def test_a_host_without_a_place_for_files_says_so():
    with pytest.raises(ConfigurationError, match="Desk.put takes a file"):
        Host([Desk], HostConfig())
