"""What was read of many instances, as far as there was room for it."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Generic, TypeVar

from hanse.runtime.workflows.journal.bounds import NOTHING, Share

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from uuid import UUID

    from hanse.runtime.data.record import Record

Signal = tuple[int, str, bytes]
"""Its number, its name and its value."""

T = TypeVar("T")


class Read(Generic[T]):
    """Rows by the instance that they are of.

    Args:
        rows: In order, each with what all of its instance have; without values where that was left
            out.
        make: What is made of a row.
    """

    def __init__(self, rows: Sequence[Record], make: Callable[[Record], T]) -> None:
        self._found: defaultdict[UUID, list[T]] = defaultdict(list)
        self._shares: dict[UUID, Share] = {}
        for row in rows:
            share = Share(row["bytes"], read=row["value"] is not None)
            self._shares[row["workflow"]] = share
            if share.read:
                self._found[row["workflow"]].append(make(row))

    def of(self, id: UUID) -> Sequence[T]:
        """What is of one instance, if it was read."""
        return self._found.get(id, ())

    def share(self, id: UUID) -> Share:
        """How much that is."""
        return self._shares.get(id, NOTHING)
