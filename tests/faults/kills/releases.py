"""Two releases of one project, for hosts that are killed as they begin: what the newer has to make, fill and rewrite."""

from __future__ import annotations

from typing import Annotated

from hanse import (
    PUBLIC,
    Backfill,
    Collection,
    Database,
    Entity,
    Indexed,
    Length,
    Resource,
    Service,
    Store,
    Struct,
    entity,
    rpc,
    sql,
    upcast,
)

Text = Annotated[str, Length(0, 100)]


@entity("shop.people", prefix="person")
class OldPerson(Entity):
    name: Text


@entity("shop.people", prefix="person")
class Person(Entity):
    name: Text
    first: Annotated[Text, Indexed()]


@upcast(Person, 1)
def first_name(document):
    return document | {"first": document["name"].partition(" ")[0]}


class OldPeople(Resource[OldPerson], package="shop.v1", allow=PUBLIC):
    """People, as the release before has them."""


class People(Resource[Person], package="shop.v1", allow=PUBLIC):
    """People of a site."""


class Counted(Struct, frozen=True):
    name: str
    count: int
    note: str


class Tally(Store, schema="tally"):
    """Counts how often its migrations ran."""

    counted = sql("select name, count, note from tally where site_id = $1 order by name", Counted)


class Keeping(Service, package="shop.v1"):
    """Looks at what a beginning has to leave whole, and rewrites what is old."""

    def __init__(self, database: Database, people: Collection[Person], tally: Tally) -> None:
        self._database = database
        self._people = people
        self._tally = tally

    @rpc("GET /shop/v1/tally", allow=PUBLIC)
    async def tally(self) -> tuple[Counted, ...]:
        return tuple(await self._tally.counted.all())

    @rpc("POST /shop/v1/backfills", allow=PUBLIC)
    async def backfill(self) -> int:
        return (await Backfill(Person, self._database, load=1.0).run()).rewritten


OLD = (OldPeople,)
NEW = (People, Keeping)
