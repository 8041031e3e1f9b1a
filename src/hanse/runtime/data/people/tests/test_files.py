"""Whoever writes the id of another's file into a map gets no hold of it."""

import json
from collections.abc import Mapping
from typing import Annotated

import pytest

from hanse import PUBLIC, Collection, Entity, File, Files, Personal, Service, Struct, entity, rpc
from hanse.runtime.data.people.exporting import Exporting
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
