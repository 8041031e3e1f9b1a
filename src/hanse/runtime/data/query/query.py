"""What is asked of a collection, and how much at once."""

from __future__ import annotations

from typing import Any

import msgspec

PAGE_SIZE = 50
PAGE_SIZE_MAX = 1000
DEPTH_MAX = 5
"""Of filters in filters."""
CONDITIONS_MAX = 50
LIST_MAX = 100
"""Values of one `$in`, and of its like."""
TEXT_MAX = 1000
"""Characters of one value."""
DIGITS_MAX = 1000
"""Of a decimal, before and after its point."""
SORT_MAX = 4
FIELDS_MAX = 100


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """Which items of a collection, in which order, how much of each, and which page.

    Attributes:
        filter: What must hold of an item, like `{"age": {"$gte": 18}}`; of all, if left out.
        sort: Paths, each with a `-` before it to descend; by id, if left out.
        fields: Paths of what is wanted of each item; all of it, if left out.
        page_size: Items at once, at most.
        cursor: Where the page before ended, as it said; empty for the first.
    """

    filter: dict[str, Any] = {}
    sort: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()
    page_size: int = PAGE_SIZE
    cursor: str = ""
