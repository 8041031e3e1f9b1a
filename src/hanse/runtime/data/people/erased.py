"""What an erasure did, or would do: rows by table, what is kept and why, files."""

from __future__ import annotations

import msgspec

from hanse.runtime.contract.rules import Instant


class KeptValues(msgspec.Struct, frozen=True):
    """What outlives an erasure.

    Attributes:
        relation: The table it was in, or is.
        path: Where in its document.
        number: How many values.
        until: When it is destroyed.
        reason: Why it is not yet.
    """

    relation: str
    path: str
    number: int
    until: Instant
    reason: str


class ErasedRows(msgspec.Struct, frozen=True):
    """What an erasure does in one table.

    Attributes:
        relation: The table; of a store its name and statement.
        deleted: Rows that go.
        blanked: Rows of which some fields go back to their defaults.
    """

    relation: str
    deleted: int = 0
    blanked: int = 0


class Erased(msgspec.Struct, frozen=True):
    """What an erasure did, or would do.

    Attributes:
        touched: By table; nothing stands here of what was gone before.
        kept: What outlives it.
        files: How many went.
    """

    touched: tuple[ErasedRows, ...]
    kept: tuple[KeptValues, ...] = ()
    files: int = 0
