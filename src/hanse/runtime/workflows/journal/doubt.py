"""Whether a row may be held here of which nothing runs: the answer to a claim or start was lost."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from uuid import UUID

    from hanse.runtime.workflows.journal.store import Store


class Doubt:
    """That of one host.

    Args:
        store: Gives back what is held.
        running: What runs here.

    Attributes:
        beginning: Instances of which it is not known yet whether they are held here.
        settling: What is held here is being looked at: nothing new may be, until that is over.
    """

    def __init__(self, store: Store, running: Callable[[], Sequence[UUID]]) -> None:
        self._store = store
        self._running = running
        self._there = False
        self.beginning: set[UUID] = set()
        self.settling = False

    def note(self) -> None:
        """Says that there may be such a row."""
        self._there = True

    @contextmanager
    def where_it_fails(self) -> Generator[None]:
        """Notes it if a block fails that takes something."""
        try:
            yield
        except BaseException:
            self.note()
            raise

    async def settle(self) -> None:
        """Has what is held here and does not run be due; nothing may be claimed meanwhile.

        Raises:
            HanseError: As `Database.execute`; the doubt stays.
        """
        if not self._there:
            return
        self._there, self.settling = False, True
        try:
            with self.where_it_fails():
                await self._store.give_back((*self._running(), *self.beginning))
        finally:
            self.settling = False
