"""A query ready to run: a statement, what is bound, and where its page ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.data.query.cursor import digest_of, write_cursor
from hanse.runtime.data.query.statement import FOUND, KEY, LAST

if TYPE_CHECKING:
    from hanse.runtime.data.query.projection import Projection


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """One page of a query.

    Attributes:
        text: The statement, of one row for all of the page; $1 is the site, which whoever runs it
            binds.
        parameters: What is bound from $2 on.
        page_size: Rows of the page, at most; one more is asked for, to know of a next one.
        identity: What tells it from other queries, whatever their page.
        projection: What is wanted of each item; all of it, if None.
        keys: Numbers of the columns whose values the cursor keeps, beside the id.
    """

    text: str
    parameters: list[Any]
    page_size: int
    identity: tuple[Any, ...]
    projection: Projection | None
    keys: range

    def cursor(self, row: Any) -> str:
        """The cursor behind the page, empty if it is the last.

        Args:
            row: What the statement gave, by column.
        """
        if row[FOUND] <= self.page_size:
            return ""
        values = [*(row[f"{KEY}{number}"] for number in self.keys), row[LAST]]
        return write_cursor(digest_of(self.identity), values)


class CountPlan(msgspec.Struct, frozen=True, kw_only=True):
    """A count, up to a bound.

    Attributes:
        text: The statement, of one row with one value; $1 is the site.
        parameters: What is bound from $2 on.
        bound: How far it counts.
    """

    text: str
    parameters: list[Any]
    bound: int

    def counted(self, found: int) -> tuple[int, bool]:
        """How many there are, and whether there are more than that.

        Args:
            found: The statement's value.
        """
        return min(found, self.bound), found > self.bound
