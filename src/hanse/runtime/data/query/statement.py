"""A query's shape as the text of a statement: the same for the same shape, whatever its values."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.data.query.fields import in_order
from hanse.runtime.data.query.keyset import ranges_after
from hanse.runtime.data.query.operators import Node, condition

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hanse.runtime.data.query.fields import Field
    from hanse.runtime.data.query.order import Direction

SITE = "site_id = $1"
KEY = "key_"
"""What the columns of an order are called, with a number behind; the id has its own name."""

FOUND, LAST = "found", "last_id"
"""How many rows a page's statement found, and the id of the page's last one."""


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """What a collection's queries read. It is put into statements as it is.

    Attributes:
        table: Its name, quoted where it must be.
        columns: What is selected, `id` by its name among it.
        packed: What a page is told of all its rows in one, as aggregates of the columns. A row of
            its own each would cost the driver more than reading what is in it.
        condition: What holds of all its rows beside their site, like `delete_time is null`.
    """

    table: str
    columns: str
    packed: str
    condition: str = ""


def page_text(
    source: Source,
    fields: Mapping[str, Field],
    node: Node | None,
    order: tuple[Sequence[Direction], Sequence[Direction]],
    present: Sequence[bool] | None,
    most: int | None,
) -> str:
    """The statement that reads one page.

    Its parameters are the site, the values of the filter, those of the cursor that are present,
    and the number of rows, one more than the page has. It gives one row: what the source packs,
    how many were found, and what the page's last row has in the order.

    Args:
        source: What it reads.
        fields: By name.
        node: The filter, if there is one.
        order: What stands first in the order and is absent everywhere, and the sort.
        present: For each field of the sort whether the cursor has a value; None on the first page.
        most: Rows that it finds at most, whatever is bound; None where plans depend on values.
    """
    fixed, sort = order
    by = [*fixed, *sort]
    numbers = count(2)
    where = _where(source, fields, node, numbers)
    ranges = [""]
    if present is not None:
        places = [next(numbers) if there else None for there in present]
        ranges = [f" and {each}" for each in ranges_after(sort, places)]
    wanted = f"${next(numbers)}::bigint"
    # Of a number that is bound PostgreSQL's planner expects a tenth of the table, and so plans
    # anew for each page. A number that stands there makes it keep its plan.
    limit = f"limit {wanted if most is None else most}"
    keys = [f", {each.field.sql} as {KEY}{number}" for number, each in enumerate(by[:-1])]
    head = f"select {source.columns}{''.join(keys)} from {source.table} where {where}"
    tail = f" order by {', '.join(each.sql for each in by)} {limit}"
    rows = f"{head}{ranges[0]}{tail}"
    if len(ranges) > 1:
        rows = _merged([f"({head}{each}{tail})" for each in ranges], by, limit)
    last = f"[({wanted} - 1)::int]"
    told = [f"(array_agg({KEY}{at})){last} as {KEY}{at}" for at in range(len(keys))]
    return (
        f"select {', '.join([source.packed, *told])}, (array_agg(id)){last} as {LAST}, "
        f"count(*) as {FOUND} from (select * from ({rows}) as most limit {wanted}) as page"
    )


def _merged(ranges: Sequence[str], by: Sequence[Direction], limit: str) -> str:
    """Ranges as one. Each is in order: PostgreSQL merges them, and begins one when it needs it."""
    named = [
        in_order(f"{KEY}{number}", descending=each.descending)
        for number, each in enumerate(by[:-1])
    ]
    return f"{' union all '.join(ranges)} order by {', '.join([*named, by[-1].sql])} {limit}"


def count_text(source: Source, fields: Mapping[str, Field], node: Node | None) -> str:
    """The statement that counts, up to its last parameter."""
    numbers = count(2)
    where = _where(source, fields, node, numbers)
    # In order, so that the first ones are found by an index, and not by reading the table.
    limit = f"order by id limit ${next(numbers)}::bigint"
    rows = f"select 1 from {source.table} where {where} {limit}"
    return f"select count(*) from ({rows}) as found"


def _where(
    source: Source, fields: Mapping[str, Field], node: Node | None, numbers: count[int]
) -> str:
    parts = [SITE, source.condition, condition(node, fields, numbers) if node else ""]
    return " and ".join(filter(None, parts))
