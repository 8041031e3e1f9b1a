"""Begins instances, all together; who waits for a transaction of others waits by itself."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.errors import Aborted, HanseError
from hanse.runtime.workflows.journal.batcher import Batcher
from hanse.runtime.workflows.journal.entry import Start, unstarted

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Sequence

    from hanse.runtime.workflows.journal.store import Store

PATIENCE = "100ms"
"""For so long all wait for a transaction that begins one of them, and has not ended."""

APART = 2
"""Connections at most on which such starts wait, however many there are."""

APART_SECONDS = 30.0
"""How long they try; then their starters are told to come again."""


class Starter:
    """That of one host.

    Args:
        store: What it writes to.
        begin: Has something done beside.
    """

    def __init__(self, store: Store, begin: Callable[[Coroutine[Any, Any, None]], None]) -> None:
        self._store = store
        self._begin = begin
        self._room = asyncio.Semaphore(APART)
        self._batches: Batcher[Start] = Batcher(self._start, unstarted, patient=False)
        self.put = self._batches.put
        self.stop = self._batches.stop

    async def _start(self, batch: Sequence[Start]) -> None:
        try:
            await self._store.start(batch, PATIENCE)
        except Aborted:
            # An id that was drawn is nobody else's: these wait for nobody.
            drawn = [one for one in batch if not one.key]
            for some in (drawn, *([one] for one in batch if one.key)):
                self._begin(self._apart(some))

    async def _apart(self, batch: Sequence[Start]) -> None:
        until, backoff = monotonic() + APART_SECONDS, Backoff()
        while True:
            try:
                async with self._room:
                    await self._store.start(batch, PATIENCE)
            except HanseError as error:
                if not isinstance(error, Aborted) or monotonic() > until:
                    for one in batch:
                        unstarted(one, error)
                    return
            else:
                return
            await wait_set(asyncio.Event(), backoff.next())
