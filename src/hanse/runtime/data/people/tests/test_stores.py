"""What stores keep of persons is exported and erased by statements of theirs."""

import json

import pytest

from hanse import PUBLIC, Erased, ErasedRows, Internal, People, Service, Store, rpc, sql
from hanse.runtime.data.people.store_statements import statements_on_persons
from hanse.runtime.data.rows.fit import StoreError
from hanse.runtime.data.rows.tests.hall.seats import Hall
from hanse.testing import World


class Desk(Service, package="venue.v1"):
    """Answers persons; it knows no store."""

    def __init__(self, people: People) -> None:
        self._people = people

    @rpc(allow=PUBLIC)
    async def export(self, person: str) -> str:
        return b"".join([piece async for piece in self._people.export(person)]).decode()

    @rpc(allow=PUBLIC)
    async def erase(self, person: str) -> Erased:
        return await self._people.erase(person)


async def test_a_store_exports_and_erases_one_person_of_one_site():
    async with World(Hall, Desk) as world:
        hall, desk, other = world.get(Hall), world.get(Desk), world.get(Hall, site="other")
        for each in (hall, other):
            await each.open(1, 3)
            await each.book(1, 1, "ada")
        await hall.book(1, 2, "eve")
        found = json.loads(await desk.export("ada"))["stores"]
        assert [row["number"] for row in found["venue:Seats.export_person"]] == [1]
        done = await desk.erase("ada")
        assert done.touched == (ErasedRows("venue:Seats.erase_person", deleted=1),)
        assert [seat.owner for seat in await hall.seats()] == [None, "eve", None]
        assert [seat.owner for seat in await other.seats()] == ["ada", None, None]
        assert json.loads(await desk.export("ada"))["stores"] == {"venue:Seats.export_person": []}


async def test_an_export_that_is_cut_off_is_refused():
    async with World(Hall, Desk) as world:
        hall = world.get(Hall)
        await hall.open(1, 4)
        for number in range(1, 5):
            await hall.book(1, number, "ada")
        with pytest.raises(Internal):
            await world.get(Desk).export("ada")


class NotOfASite(Store, schema="venue", shared=("currency",)):
    export_person = sql("select name from currency where code = $2", str)


class TooMuch(Store, schema="venue"):
    erase_person = sql("delete from seat where site_id = $1 and owner = $2 and number = $3")


class GivesNothing(Store, schema="venue"):
    export_person_of_seats = sql("delete from seat where site_id = $1 and owner = $2")


class GivesRows(Store, schema="venue"):
    erase_person = sql("select number from seat where site_id = $1 and owner = $2", int)


@pytest.mark.parametrize(
    ("store", "said"),
    [
        (NotOfASite, "NotOfASite.export_person takes the site as .1 and the person as .2"),
        (TooMuch, "takes the site as .1 and the person as .2, a text, and nothing else"),
        (GivesNothing, "GivesNothing.export_person_of_seats has to give rows"),
        (GivesRows, "has to change rows and give none"),
    ],
)
def test_a_statement_that_does_not_what_it_is_called_is_told(store, said):
    with pytest.raises(StoreError, match=said):
        statements_on_persons(store)
