"""Asks the database again as long as it is away."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from hanse.kit.backoff import Backoff
from hanse.kit.clock import wait_set
from hanse.runtime.data.personal.keys_opened import ErasedMeanwhile
from hanse.runtime.workflows.retry import OF_THE_MOMENT

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


async def patiently(ask: Callable[[], Awaitable[T]]) -> T:
    """What an answer says that does no harm if it is asked for twice.

    Raises:
        ErasedMeanwhile: Who is written of is not there any more.
        HanseError: The database refuses it.
    """
    backoff = Backoff()
    while True:
        try:
            return await ask()
        except ErasedMeanwhile:
            raise  # it is over for who asks, who has to read anew
        except OF_THE_MOMENT:
            await wait_set(asyncio.Event(), backoff.next())
