"""Service 0000 of a Hanse host: five methods and types of its own; copied with other numbers."""

from typing import Annotated

from hanse import PUBLIC, Length, Range, Service, Struct, rpc

Name = Annotated[str, Length(1, 100)]
Quantity = Annotated[int, Range(0, 1000)]


class Thing0000(Struct, frozen=True):
    id: str
    name: Name
    quantity: Quantity
    tags: tuple[str, ...] = ()


class NewThing0000(Struct, frozen=True):
    name: Name
    quantity: Quantity
    tags: tuple[str, ...] = ()


class ChangedThing0000(Struct, frozen=True):
    name: Name | None = None
    quantity: Quantity | None = None


class Things0000(Struct, frozen=True):
    things: tuple[Thing0000, ...]
    next_page: str = ""


class Deleted0000(Struct, frozen=True):
    id: str


class Shop0000(Service):
    """Keeps things."""

    @rpc("GET /shop0000/v1/things/{thing_id}", allow=PUBLIC)
    async def get_thing(self, thing_id: str) -> Thing0000:
        return Thing0000(thing_id, "thing", 1)

    @rpc("GET /shop0000/v1/things", allow=PUBLIC)
    async def list_things(self, page: str = "") -> Things0000:
        return Things0000((), page)

    @rpc("POST /shop0000/v1/things", allow=PUBLIC)
    async def create_thing(self, new: NewThing0000) -> Thing0000:
        return Thing0000("new", new.name, new.quantity, new.tags)

    @rpc("PATCH /shop0000/v1/things/{thing_id}", allow=PUBLIC)
    async def update_thing(self, thing_id: str, changed: ChangedThing0000) -> Thing0000:
        return Thing0000(thing_id, changed.name or "thing", changed.quantity or 0)

    @rpc("DELETE /shop0000/v1/things/{thing_id}", allow=PUBLIC)
    async def delete_thing(self, thing_id: str) -> Deleted0000:
        return Deleted0000(thing_id)
