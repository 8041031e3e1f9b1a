"""Persons that are erased while hosts are killed: rows that go, rows that stay without them, and a file."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import aclosing
from typing import Annotated

from hanse import (
    PUBLIC,
    Collection,
    Entity,
    File,
    Files,
    Indexed,
    Length,
    People,
    Personal,
    Ref,
    Service,
    Struct,
    entity,
    rpc,
)

Text = Annotated[str, Length(0, 100)]


@entity("register.persons", person="id")
class Person(Entity):
    name: Annotated[Text, Personal(erase="row")]
    photo: Annotated[File, Personal(erase="row")]


@entity("register.orders", person="buyer")
class Order(Entity):
    buyer: Annotated[Ref[Person], Indexed()]
    goods: Text
    phone: Annotated[Text, Personal(erase="field")] = ""


class Known(Struct, frozen=True):
    """What one knows of somebody."""

    name: str
    photo: str
    goods: tuple[str, ...]
    phones: tuple[str, ...]


class Register(Service, package="register.v1"):
    """Knows persons, until they are erased."""

    def __init__(
        self,
        persons: Collection[Person],
        orders: Collection[Order],
        people: People,
        files: Files,
    ) -> None:
        self._persons, self._orders, self._people, self._files = persons, orders, people, files

    @rpc("POST /register/v1/persons", allow=PUBLIC)
    async def add(self, name: str, orders: int) -> str:
        """Somebody who bought something so many times; their id."""
        photo = await self._files.save("photo.txt", _once(f"photo of {name}"))
        person = await self._persons.create(Person(name=name, photo=photo))
        for number in range(orders):
            given = Order(buyer=person.id, goods=f"goods {number}", phone=f"phone of {name}")
            await self._orders.create(given)
        return person.id

    @rpc("GET /register/v1/persons/{person}", allow=PUBLIC)
    async def known(self, person: str) -> Known:
        found = await self._persons.get(person)
        async with aclosing(self._files.read(found.photo)) as pieces:
            photo = b"".join([piece async for piece in pieces]).decode()
        orders = (await self._orders.query({"buyer": person})).items
        goods = tuple(sorted(one.goods for one in orders))
        return Known(found.name, photo, goods, tuple(one.phone for one in orders))

    @rpc("GET /register/v1/persons/{person}/export", allow=PUBLIC)
    async def export(self, person: str) -> str:
        return b"".join([piece async for piece in self._people.export(person)]).decode()

    @rpc("POST /register/v1/erasures", allow=PUBLIC)
    async def erase(self, person: str) -> int:
        """Erases; in how many rows something of them was."""
        erased = await self._people.erase(person)
        return sum(one.deleted + one.blanked for one in erased.touched)


async def _once(text: str) -> AsyncIterator[bytes]:
    yield text.encode()


SERVICES = (Register,)
