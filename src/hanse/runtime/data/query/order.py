"""The order of a query: which fields, which way, the id last."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.runtime.data.query.fields import Field, in_order
from hanse.runtime.data.query.query import SORT_MAX
from hanse.runtime.data.query.refusal import NO_ORDER, listed, shown

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hanse.runtime.data.query.refusal import Violations


class Direction(NamedTuple):
    """A field to sort by."""

    field: Field
    descending: bool

    @property
    def sql(self) -> str:
        return in_order(self.field.sql, descending=self.descending)


def read_sort(
    sort: Sequence[str],
    fields: Mapping[str, Field],
    violations: Violations,
    sealed: Collection[str] = (),
) -> tuple[Direction, ...]:
    """The fields to sort by, in turn, and then the id, in the direction of the last one.

    Args:
        sort: As the query has it.
        fields: By name; `id` is one of them.
        violations: What is wrong goes there.
        sealed: Names of what no query can ask for.
    """
    if len(sort) > SORT_MAX:
        message = f"a query is sorted by {SORT_MAX} fields at most."
        violations.add("sort", f"length <= {SORT_MAX}", message)
        return ()
    found: dict[str, Direction] = {}
    for number, given in enumerate(sort):
        name = given.removeprefix("-")
        field = fields.get(name)
        if name in sealed or (field is not None and field.blind):
            violations.add(f"sort[{number}]", "sortable", f"{name} {NO_ORDER}")
        elif field is None or field.many:
            sortable = listed(
                name for name, field in fields.items() if not field.many and not field.blind
            )
            message = f"nothing can be sorted by {shown(name)}; there are {sortable}."
            violations.add(f"sort[{number}]", "sortable", message)
        elif name in found or (name == "id" and len(sort) > 1):
            message = f"{shown(name)} is sorted by already, as is the id at the end; take it out."
            violations.add(f"sort[{number}]", "unique", message)
        else:
            found[name] = Direction(field, given != name)
    last = next(reversed(found.values())).descending if found else False
    found.setdefault("id", Direction(fields["id"], last))
    return tuple(found.values())
