"""Files of a person are exported and go with them, and nobody gets hold of another's."""

import json
from collections.abc import Mapping
from typing import Annotated

import pytest

from hanse import (
    PUBLIC,
    Collection,
    Entity,
    File,
    Files,
    Keep,
    Personal,
    Service,
    Struct,
    entity,
    rpc,
)
from hanse.runtime.data.people.exporting import Exporting
from hanse.runtime.data.people.kept_sweep import KeptSweep
from hanse.runtime.data.people.people import People
from hanse.runtime.data.people.person import person_of
from hanse.testing import World


class Papers(Struct, frozen=True):
    """What somebody sent, and wrote to it."""

    photo: File | None = None
    remarks: Mapping[str, str] = {}


class Like(Struct, frozen=True):
    """Says what a File says, and is none."""

    id: str
    name: str = "x"
    size: int = 1
    media_type: str = "text/plain"
    sha256: str = "0" * 64


@entity("crm.people", person="id")
class Sender(Entity):
    """Somebody who sent something."""

    papers: Annotated[Papers, Personal(erase="row")] = Papers()
    photo: File | None = None
    scan: Annotated[File, Personal(erase="row", sealed=False)] | None = None
    bill: Annotated[Papers, Personal(erase=Keep(days=30, reason="tax law"))] | None = None
    tags: Mapping[str, str] = {}
    like: Like | None = None


class Desk(Service, package="crm.v1"):
    """Keeps what they sent."""

    def __init__(self, senders: Collection[Sender], files: Files, people: People) -> None:
        self.senders, self.files, self._people = senders, files, people

    @rpc(allow=PUBLIC)
    async def send(self, *, sealed: bool) -> Sender:
        file = await self.files.save("ada.txt", _one("her face"))
        given = Sender(Papers(file)) if sealed else Sender(photo=file)
        return await self.senders.create(given)

    @rpc(allow=PUBLIC)
    async def send_bill(self) -> Sender:
        scan = await self.files.save("scan.txt", _one("her hand"))
        bill = await self.files.save("bill.txt", _one("her bill"))
        return await self.senders.create(Sender(scan=scan, bill=Papers(bill)))

    @rpc(allow=PUBLIC)
    async def copy(self, id: str) -> str:
        """Writes an id wherever one can, and gives whose it is."""
        remarks = Papers(remarks={"id": id})
        given = Sender(remarks, tags={"id": id}, like=Like("file_bogus"))
        return (await self.senders.create(given)).id

    @rpc(allow=PUBLIC)
    async def erase(self, person: str) -> int:
        return (await self._people.erase(person)).files


async def _one(text):
    yield text.encode()


@pytest.fixture
async def world():
    async with World(Desk) as made:
        yield made


async def exported(world, person):
    database = world.database
    exporting = Exporting(database, person_of(database.keys.ring, "default", person))
    text = b"".join([piece async for piece in exporting.pieces()])
    return json.loads(text), list(exporting.files)


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "clear"])
async def test_an_id_in_a_map_neither_exports_nor_keeps_the_file_of_another(world, sealed):
    desk = world.get(Desk)
    ada = await desk.send(sealed=sealed)
    photo = ada.papers.photo or ada.photo
    eve = await desk.copy(photo.id)
    assert (await exported(world, ada.id))[1] == [photo]
    found, files = await exported(world, eve)
    assert photo.id in json.dumps(found)
    assert files == []
    assert await desk.erase(ada.id) == 1
    assert await world.database.fetch("select from hanse.file") == []


def texts_in(world):
    folder = world.host.config.file_store.folder
    return {path.read_text() for path in folder.rglob("*") if path.is_file()}


async def test_files_in_clear_and_those_a_law_keeps_are_exported_and_last_as_long_as_they(world):
    desk, day = world.get(Desk), 86_400
    ada = await desk.send_bill()
    assert (await exported(world, ada.id))[1] == [ada.bill.photo, ada.scan]
    assert await desk.erase(ada.id) == 1
    assert texts_in(world) == {"her bill"}
    for _ in range(3):
        world.clock.advance(day)
        await world.host.kept_files.sweep.once()
    found, files = await exported(world, ada.id)
    assert files == [ada.bill.photo]
    assert found["kept"][0]["value"]["photo"]["name"] == "bill.txt"
    assert texts_in(world) == {"her bill"}
    world.clock.advance(30 * day)
    await KeptSweep(world.database).once()
    assert (await exported(world, ada.id))[1] == []
    await world.host.kept_files.sweep.drop_erased()
    assert texts_in(world) == set()
