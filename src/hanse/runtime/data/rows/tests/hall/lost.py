"""A store of the hall whose statements are right, and whose tables are not."""

from __future__ import annotations

from hanse import PUBLIC, Service, rpc
from hanse.runtime.data.rows.statement import sql
from hanse.runtime.data.rows.store import Store
from hanse.runtime.data.rows.tests.hall.seats import Seat


class Lost(Store, schema="venue", shared=("currency",)):
    """Whose statements are right, and whose tables are not."""

    table = sql("select number from chair where site_id = $1", int)
    column = sql("select colour from seat where site_id = $1", str)
    kind = sql("select number from seat where site_id = $1", str)
    struct = sql("select number::text as number, event from seat where site_id = $1", Seat)
    pair = sql("select number, event from seat where site_id = $1", int)
    site = sql("select name from currency where length(code) = $1", str)


class Finder(Service, package="finder.v1"):
    """Finds nothing."""

    def __init__(self, lost: Lost) -> None:
        self._lost = lost

    @rpc(allow=PUBLIC)
    async def find(self) -> int:
        return 0
