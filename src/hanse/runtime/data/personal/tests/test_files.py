"""Files in what is sealed: their names lie nowhere in clear, and whoever clears up finds them."""

from collections.abc import Mapping
from typing import Annotated

import pytest

from hanse.kit.type_id import type_id
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.file import File
from hanse.runtime.contract.rules import Length
from hanse.runtime.contract.service import Service
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.entity.marks import Personal
from hanse.runtime.data.files.files import Files
from hanse.runtime.identity.permission import PUBLIC
from hanse.testing.world import World

FIELD = Personal(erase="field")


@entity("hiring.people", person="id")
class Person(Entity):
    """Somebody who sent something."""

    name: Annotated[str, Length(1, 100), Personal(erase="row")]
    photo: Annotated[File, FIELD] | None = None
    others: Annotated[Mapping[str, tuple[File, ...]], FIELD] = {}


class Desk(Service, package="hiring.v1"):
    """Keeps what they sent."""

    def __init__(self, items: Collection[Person], files: Files) -> None:
        self.items, self.files = items, files

    @rpc(allow=PUBLIC)
    async def send(self, photo: str, other: str) -> Person:
        """Stores two files by their names."""
        files = [await self.files.save(name, self._pieces(name)) for name in (photo, other)]
        person = Person("Ada", photo=files[0], others={"cv": (files[1],)})
        return await self.items.create(person)

    @rpc(allow=PUBLIC)
    async def get(self, id: str) -> Person:
        """One of them."""
        return await self.items.get(id)

    @rpc(allow=PUBLIC)
    async def drop_photo(self, id: str) -> Person:
        """Takes a photo away."""
        return await self.items.update(id, {"photo": None})

    async def _pieces(self, text: str):
        yield text.encode()


@pytest.fixture
async def world():
    async with World(Desk) as world:
        yield world


async def test_a_sealed_file_is_kept_as_long_as_it_is_referred_to(world):
    desk = world.get(Desk)
    made = await desk.send("ada lovelace.png", "curriculum of ada.pdf")
    (row,) = await world.database.fetch("select doc::text as doc from hiring.people")
    assert not any(word in row["doc"] for word in ("lovelace", "curriculum", "text/plain"))

    for _ in range(3):
        world.clock.advance(90_000)
        await world.host.kept_files.sweep.once()
    assert len(await world.database.fetch("select 1 from hanse.file")) == 2
    assert await desk.get(made.id) == made

    await desk.drop_photo(made.id)
    for _ in range(4):
        world.clock.advance(90_000)
        await world.host.kept_files.sweep.once()
    (left,) = await world.database.fetch("select file from hanse.file")
    assert (await desk.get(made.id)).others == made.others
    assert [one.id for (one,) in made.others.values()] == [type_id("file", left["file"].int)]
