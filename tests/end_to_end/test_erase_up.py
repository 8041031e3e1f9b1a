"""Who was erased is nowhere: every byte that a fleet and its backups keep is looked through."""

import base64
import gzip
import io
import json
import tarfile
import urllib.request
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.backed_up import Shop, now, shop
from tests.end_to_end.fleet import until
from tests.end_to_end.terminal import PATIENCE_SECONDS, fetch, hanse

PERSONAL = {
    "name": "Zqname7Ada",
    "email": "zqmail7@example.org",
    "phone": "Zqphone7",
    "street": "Zqstreet7",
    "note": "Zqnote7",
    "photo": "Zqphoto7-" * 40,
    "file": "Zqfile7.txt",
    "key": "Zqkey7-5f0c",
    "asked": "Zqasked7",
    "stepped": "Zqstepped7",
    "signalled": "Zqsignalled7",
}
CONTROL = "Zqcontrol7"
"""Stands in a field that is not personal, and shows that what is looked for would be found."""

PROCESSED = ("asked", "stepped", "signalled")
"""What a workflow is begun with, what a step of it gives, and what comes with a signal."""

TOLD = "Zqtold7"
"""The same of the events that tell of somebody."""

CRM = '''
"""Keeps contacts, and notes of them."""

import logging
from typing import Annotated

from hanse import (
    PUBLIC, Collection, Entity, Event, Events, File, Indexed, Length, Personal, Ref, Resource, Run, Service,
    Struct, Unique, Workflows, entity, event, rpc, workflow,
)

ROW, FIELD = Personal(erase="row"), Personal(erase="field")
log = logging.getLogger("crm")


class Address(Struct, frozen=True):
    street: str


@entity("crm.contacts", person="id")
class Contact(Entity):
    """Somebody."""

    name: Annotated[str, Length(1, 100), ROW]
    email: Annotated[str, Length(3, 254), Unique(), ROW]
    phone: Annotated[str, Length(3, 30), FIELD] | None = None
    address: Annotated[Address, FIELD] | None = None
    photo: Annotated[File, FIELD] | None = None
    stage: str = ""


@entity("crm.notes", person="contact")
class Note(Entity):
    """What is known of somebody."""

    contact: Annotated[Ref[Contact], Indexed()]
    text: Annotated[str, Length(0, 4000), ROW]


@event("photos.v1", key="contact", person="contact")
class PhotoTaken(Event):
    """Somebody is to be seen."""

    contact: str
    name: Annotated[str, ROW]
    address: Annotated[Address, FIELD] | None = None
    camera: str = "Zqtold7"


class Contacts(Resource[Contact], allow=PUBLIC):
    """All of them."""


class Notes(Resource[Note], allow=PUBLIC):
    """All of these."""


class Photos(Service):
    """Takes photos."""

    def __init__(self, contacts: Collection[Contact], events: Events) -> None:
        self._contacts = contacts
        self._events = events

    @rpc("POST /photos/v1/photos", allow=PUBLIC)
    async def take(self, contact: str, photo: File) -> None:
        one = await self._contacts.get(contact)
        await self._contacts.update(contact, {"photo": photo}, event=PhotoTaken(contact, one.name))
        await self._events.emit(PhotoTaken(contact, one.name, one.address))

    @rpc("POST /photos/v1/failures", allow=PUBLIC)
    async def fail(self, name: str) -> None:
        """A fault of a handler that had somebody's name."""
        log.warning("somebody could not be greeted")
        raise RuntimeError(f"cannot greet {len(name)} letters")
'''


PROCESSES = '''

class Portrait(Struct, frozen=True):
    wish: Annotated[str, ROW]
    paper: str = "Zqcontrol7"


class Portraits(Service):
    """Has somebody painted, which takes its time."""

    def __init__(self, workflows: Workflows) -> None:
        self._workflows = workflows

    @rpc("POST /portraits/v1/portraits", allow=PUBLIC)
    async def begin(self, contact: str, wish: str, stepped: str) -> str:
        return await self._workflows.start(self.paint, contact, Portrait(wish), stepped)

    @rpc("POST /portraits/v1/portraits/{id}:tell", allow=PUBLIC)
    async def tell(self, id: str, wish: str) -> None:
        await self._workflows.signal(self.paint, id, "change", Portrait(wish))

    @rpc("GET /portraits/v1/portraits/{id}", allow=PUBLIC)
    async def status(self, id: str) -> str:
        found = await self._workflows.get(self.paint, id)
        return found.result.wish if found.result else found.state

    @workflow(version=1, person="contact")
    async def paint(
        self, run: Run, contact: str, portrait: Portrait, stepped: Annotated[str, FIELD] = ""
    ) -> Portrait:
        drawn = await run.step(self._draw, stepped[::-1])
        changed = await run.signal("change", Portrait)
        await run.transaction(self._draw, drawn.wish[::-1])
        await run.signal("hang", str)
        return changed or portrait

    async def _draw(self, backwards: str) -> Portrait:
        return Portrait(backwards[::-1])
'''


@pytest.fixture
def crm(tmp_path: Path) -> Iterator[Shop]:
    with shop(tmp_path) as made:
        made.fleet.write("crm.py", CRM + PROCESSES)
        file = made.folder / "hanse.toml"
        named = '"crm:Contacts", "crm:Notes", "crm:Photos", "crm:Portraits", '
        file.write_text(file.read_text().replace("services = [", f"services = [{named}", 1))
        made.fleet.up()
        yield made


def post(made: Shop, path: str, body: object, **headers: str) -> tuple[int, str]:
    return fetch(f"{made.fleet.url}{path}", body, **headers)


def fill(made: Shop) -> str:
    """Somebody by HTTP, and all that could leave a trace of them."""
    body = {
        "name": PERSONAL["name"],
        "email": PERSONAL["email"],
        "phone": PERSONAL["phone"],
        "address": {"street": PERSONAL["street"]},
        "stage": CONTROL,
    }
    head = {"idempotency-key": PERSONAL["key"]}
    first = post(made, "/crm/v1/contacts", body, **head)
    again = post(made, "/crm/v1/contacts", body, **head)
    assert (first, again[1]) == ((200, first[1]), first[1])
    contact = json.loads(first[1])["id"]
    assert post(made, "/crm/v1/notes", {"contact": contact, "text": PERSONAL["note"]})[0] == 200
    upload(made, contact)
    assert post(made, "/crm/v1/contacts", body)[0] == 409, "somebody has this address"
    assert post(made, "/crm/v1/contacts", body | {"name": ""}, idempotency_key="Zqkey7-2")[0] == 400
    assert post(made, "/photos/v1/failures", {"name": PERSONAL["name"]})[0] == 500
    found = post(made, "/crm/v1/contacts:query", {"filter": {"email": PERSONAL["email"]}})
    assert (found[0], PERSONAL["name"] in found[1]) == (200, True), found
    changed = urllib.request.Request(
        f"{made.fleet.url}/crm/v1/contacts/{contact}",
        json.dumps({"phone": PERSONAL["phone"] + "x"}).encode(),
        {"content-type": "application/json"},
        method="PATCH",
    )
    with urllib.request.urlopen(changed, timeout=PATIENCE_SECONDS) as answer:
        assert answer.status == 200
    return contact


def upload(made: Shop, contact: str) -> None:
    """A file of somebody, sent by its name, taken and had again by it."""
    sent = urllib.request.Request(
        f"{made.fleet.url}/crm/v1/contacts:upload",
        PERSONAL["photo"].encode(),
        {"content-disposition": f'attachment; filename="{PERSONAL["file"]}"'},
    )
    with urllib.request.urlopen(sent, timeout=PATIENCE_SECONDS) as answer:
        photo = json.load(answer)
    assert photo["name"] == PERSONAL["file"]
    assert post(made, "/photos/v1/photos", {"contact": contact, "photo": photo})[0] == 204
    address = made.fleet.get(f"/crm/v1/contacts/{contact}:url?field=photo")
    with urllib.request.urlopen(made.fleet.url + address, timeout=PATIENCE_SECONDS) as answer:
        assert PERSONAL["file"] in answer.headers["content-disposition"]


def paint(made: Shop, contact: str) -> str:
    """A workflow of somebody, that waits for what never comes, and one that has not read all."""
    begun = {"contact": contact, "wish": PERSONAL["asked"], "stepped": PERSONAL["stepped"]}
    for _ in range(2):
        status, text = post(made, "/portraits/v1/portraits", begun)
        assert status == 200, text
        path = f"/portraits/v1/portraits/{json.loads(text)}"
        until(lambda path=path: made.fleet.get(path) == "waiting", "it to wait")
        assert post(made, f"{path}:tell", {"wish": PERSONAL["signalled"]})[0] == 204
    assert post(made, f"{path}:tell", {"wish": PERSONAL["signalled"]})[0] == 204
    return path


def spellings(text: str) -> Iterator[bytes]:
    """A text in clear, in hexadecimal digits, and in base64 wherever it begins there."""
    plain = text.encode()
    yield plain
    yield plain.hex().encode()
    yield plain.decode().encode("utf-16-le")
    for shift in range(3):
        inside = base64.b64encode(b"\0" * shift + plain)
        yield inside[4 if shift else 0 : -4]


def contents(*folders: Path) -> Iterator[tuple[str, bytes]]:
    """Every file below, and what is packed in it."""
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                data = path.read_bytes()
                yield str(path), data
                if data[:2] == b"\x1f\x8b":
                    yield f"{path} unpacked", unpacked(data)


def unpacked(data: bytes) -> bytes:
    """What is packed, as far as it goes: the last segment of a log may be written just now."""
    plain = zlib.decompressobj(31).decompress(data)
    if plain[257:262] != b"ustar":
        return plain
    with tarfile.open(fileobj=io.BytesIO(gzip.decompress(data))) as archive:
        files = (archive.extractfile(one) for one in archive.getmembers() if one.isfile())
        return b"\n".join(one.read() for one in files if one is not None)


def found_in(texts: list[str], *folders: Path) -> set[tuple[str, str]]:
    """Which of some texts stand in which files, however they are spelled."""
    wanted = [(text, tuple(spellings(text))) for text in texts]
    return {
        (text, where)
        for where, data in contents(*folders)
        for text, spelled in wanted
        if any(one in data for one in spelled)
    }


def test_who_was_erased_is_in_no_byte_that_is_kept(crm: Shop) -> None:
    contact = fill(crm)
    portrait = paint(crm, contact)
    crm.fleet.hanse("backup")
    crm.until_complete(now())
    exported = hanse("person", "export", contact, folder=crm.folder)
    assert exported.returncode == 0, exported.stderr
    said = json.loads(exported.stdout)["collections"]
    assert said["crm.contacts"][0]["doc"]["email"] == PERSONAL["email"]
    assert said["crm.notes"][0]["doc"]["text"] == PERSONAL["note"]
    processes = json.dumps(json.loads(exported.stdout)["workflows"])
    assert [PERSONAL[one] in processes for one in PROCESSED] == [True] * 3
    wanted = [PERSONAL[one] for one in PERSONAL if one != "photo"] + ["Zqphoto7-" * 3]
    kept = (crm.folder / ".hanse", crm.folder.parent / "files", crm.place)

    before = found_in([*wanted, CONTROL, TOLD], *kept)
    assert {text for text, _ in before} == {CONTROL, TOLD, "Zqphoto7-" * 3}, "but for the file"
    places = {where for text, where in before if text == CONTROL}
    assert any("/base/" in where for where in places), "it is found in tables"
    assert any("/pg_wal/" in where for where in places), "and in the log"
    assert any("unpacked" in where for where in places), "and in backups"

    done = crm.fleet.hanse("person", "erase", contact, "--yes")
    noted = "".join(one.read_text() for one in crm.place.glob("*/erasures/*.json"))
    assert (done["backup"], contact in noted) == ("noted", True)
    assert {one["relation"]: one["deleted"] for one in done["touched"]} == {
        "crm.contacts": 1,
        "crm.notes": 1,
        "hanse.workflow": 2,
    }
    assert crm.fleet.get(portrait) == "canceled"
    assert done["files"] == 1
    assert crm.fleet.hanse("keys", "rotate")["destroyed"] == [1]
    until(lambda: not found_in(wanted, *kept), "backups to follow")
    assert hanse("down", folder=crm.folder).returncode == 0
    assert found_in(wanted, *kept) == set()
    assert {text for text, _ in found_in([CONTROL], *kept)} == {CONTROL}


def erase_while_the_place_is_away(made: Shop) -> None:
    """Of that it is told what is not done yet, and how to look."""
    aside = made.place.rename(made.place.with_name("aside"))
    made.place.write_text("in the way")
    words = ("person", "erase", "nobody@example.org", "--yes")
    done = hanse(*words, folder=made.folder)
    made.place.unlink()
    aside.rename(made.place)
    assert done.returncode == 3, done.stderr
    assert "does not know it" in done.stderr and "status" in done.stderr
    assert made.fleet.hanse(*words)["backup"] == "noted"


@pytest.mark.long  # as tests/faults/test_erased_again has it, through the verbs
def test_a_restore_of_a_moment_before_has_those_who_live_and_nobody_who_was_erased(
    crm: Shop,
) -> None:
    erased = fill(crm)
    portrait = paint(crm, erased)
    body = {"name": "Bob", "email": "bob@example.org"}
    status, text = post(crm, "/crm/v1/contacts", body)
    assert status == 200, text
    alive = json.loads(text)["id"]
    crm.fleet.hanse("backup")
    crm.until_complete(now())
    before, keys = now(), crm.folder / ".hanse/up/keys"
    saved = {one.name: one.read_bytes() for one in keys.iterdir()}
    post(crm, "/sales/v1/sales", {"item": "one"})
    crm.fleet.hanse("person", "erase", erased, "--yes")
    erase_while_the_place_is_away(crm)
    crm.fleet.hanse("keys", "rotate")
    crm.until_complete(now())
    assert hanse("down", folder=crm.folder).returncode == 0
    # The keyring is of before, too, as a copy of the machine would have it.
    newest, asked = keys / "generation-2.key", ("restore", "--replace", "--to", before.isoformat())
    [there] = crm.place.glob("*/keys/generation-2.key")
    newest.rename(keys / "generation-1.key").write_bytes(saved["generation-1.key"])
    hidden = there.rename(crm.place / "hidden")
    for verb in (asked, ("backup", "verify", "--to", before.isoformat())):
        assert "lacks generation-2.key" in crm.refused(*verb)
    assert not list((crm.folder / ".hanse/up/postgres").glob("*.before-*")), "nothing is changed"
    hidden.rename(there)
    assert "lacked generation-2.key" in crm.fleet.hanse(*asked)["note"]
    crm.fleet.up()
    assert crm.fleet.get(f"/crm/v1/contacts/{alive}")["name"] == "Bob"
    status, _ = fetch(f"{crm.fleet.url}/crm/v1/contacts/{erased}")
    assert status == 404, "its row is there, and nobody can read it"
    assert crm.fleet.get(portrait) == "canceled", "the restore erased it again"
