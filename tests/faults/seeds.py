"""Seeds one after another, shared by hunts at once, as a command line asks for them."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import traceback
from collections.abc import Awaitable, Callable, Iterator
from typing import NamedTuple, TypeVar

T = TypeVar("T")

SHOWN = 50
"""Runs between two words about how far it is."""


class Asked(NamedTuple):
    """What a command line says.

    Attributes:
        first: The first seed.
        runs: So many.
        hunts: That run at once, each on a ground of its own.
        note: Whether what came of it is written down.
    """

    first: int
    runs: int
    hunts: int
    note: bool


def asked(words: str | None) -> Asked:
    """Reads the command line.

    Args:
        words: What the program does.
    """
    given = argparse.ArgumentParser(description=words)
    given.add_argument("--runs", type=int, default=2000)
    given.add_argument("--first", type=int, default=int(os.environ.get("HANSE_TEST_SEED", "1000")))
    given.add_argument("--at-once", type=int, default=1)
    given.add_argument("--note", action="store_true")
    told = given.parse_args()
    return Asked(told.first, told.runs, told.at_once, told.note)


def seeds(first: int, runs: int) -> Iterator[int]:
    """One after another, and a word about it now and then."""
    for seed in range(first, first + runs):
        if (seed - first) % SHOWN == 0:
            print(f"seed {seed}", file=sys.stderr, flush=True)
        yield seed


async def at_once(hunts: int, hunt: Callable[[], Awaitable[T]]) -> list[T]:
    """What hunts on several grounds came to, each of which takes the next seed there is.

    Raises:
        ExceptionGroup: As a hunt does; the others are broken off.
    """

    async def one() -> T:
        return await hunt()

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(one()) for _ in range(hunts)]
    return [task.result() for task in tasks]


def ended(hunt: Callable[[], Awaitable[object]]) -> int:
    """Runs it; 1 where something is wrong, which is told with its seed."""

    async def one() -> None:
        print(await hunt())

    try:
        asyncio.run(one())
    except Exception:  # noqa: BLE001  whatever it is, it is told with its seed
        traceback.print_exc()
        return 1
    return 0
