"""The store of the hall, and a service over it."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from hanse import PUBLIC, Service, rpc
from hanse.runtime.data.rows.statement import sql
from hanse.runtime.data.rows.store import Store


class Marks(Struct, frozen=True):
    row: str = ""
    since: datetime | None = None


class Seat(Struct, frozen=True):
    number: int
    owner: str | None = None
    price: Decimal = Decimal(0)
    marks: Marks = Marks()


class Seats(Store, schema="venue", shared=("currency",)):
    """What the hall knows."""

    open_event = sql("insert into event (site_id, id) values ($1, $2)")
    add = sql("insert into seat (site_id, event, number, marks) values ($1, $2, $3, $4)")
    taken = sql(
        "select count(*) from seat where site_id = $1 and event = $2 and owner is not null", int
    )
    free = sql(
        "select number from seat where site_id = $1 and event = $2 and owner is null order by number",
        int,
        rows=3,
    )
    book = sql(
        "update seat set owner = $4 where site_id = $1 and event = $2 and number = $3 and owner is null"
        " returning number, owner, price, marks",
        Seat,
    )
    all_of = sql(
        "select number, owner, price, marks from seat where site_id = $1 order by number", Seat
    )
    currency = sql("select name from currency where code = $2", str)
    export_person = sql(
        "select number, owner, price, marks from seat where site_id = $1 and owner = $2",
        Seat,
        rows=3,
    )
    erase_person = sql("update seat set owner = null where site_id = $1 and owner = $2")
    wide = sql("select number from seat where site_id = $1 limit $2", int, rows=2)


class Hall(Service):
    """Sells seats."""

    def __init__(self, seats: Seats) -> None:
        self._seats = seats

    @rpc("POST /hall/v1/events", allow=PUBLIC)
    async def open(self, event: int, seats: int) -> int:
        await self._seats.open_event.execute(event)
        return await self._seats.add.many(
            [(event, n + 1, b'{"row":"A","since":"2026-01-01T09:00:00Z"}') for n in range(seats)]
        )

    @rpc("POST /hall/v1/bookings", allow=PUBLIC)
    async def book(self, event: int, number: int, owner: str) -> Seat:
        return await self._seats.book.one(event, number, owner)

    @rpc("GET /hall/v1/events/{event}/taken", allow=PUBLIC)
    async def taken(self, event: int) -> int:
        return await self._seats.taken.one(event)

    @rpc("GET /hall/v1/events/{event}/free", allow=PUBLIC)
    async def free(self, event: int) -> tuple[int, ...]:
        return tuple(await self._seats.free.all(event))

    @rpc(allow=PUBLIC)
    async def seats(self) -> tuple[Seat, ...]:
        return tuple(await self._seats.all_of.all())

    @rpc(allow=PUBLIC)
    async def currency(self, code: str) -> str | None:
        return await self._seats.currency.maybe(code)

    @rpc(allow=PUBLIC)
    async def wide(self, limit: int) -> tuple[int, ...]:
        return tuple(await self._seats.wide.all(limit))

    @rpc(allow=PUBLIC)
    async def wrong(self) -> int:
        return await self._seats.taken.one()
