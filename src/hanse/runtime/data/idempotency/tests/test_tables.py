"""Tables of ours are made by hosts that begin at once, on a database where nothing is yet."""

import asyncio

from hanse.runtime.data.files import tables as files
from hanse.runtime.data.idempotency import tables as idempotency


async def test_two_kinds_at_once_are_not_in_each_others_way(postgres) -> None:
    makers = [idempotency.make_tables, files.make_tables] * 4
    await asyncio.gather(*(make(postgres) for make in makers))

    row = await postgres.fetch_row(
        "select to_regclass('hanse.idempotency') is not null and to_regclass('hanse.file') is not null"
    )
    assert row[0]
