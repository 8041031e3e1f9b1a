"""Who watches many deployments asks for all of them at once which hosts there are."""

import asyncio
from typing import Any

import pytest

from hanse.fleet.deployments.judged.lately import Lately


class Counting:
    """Knows no hosts, and how often it was asked."""

    def __init__(self) -> None:
        self.asked = 0

    async def instances(self) -> tuple[Any, ...]:
        self.asked += 1
        await asyncio.sleep(0)
        return (self.asked,)


@pytest.mark.parametrize(
    ("age", "asked"), [(3600.0, 1), (-1.0, 3)], ids=["a moment ago", "long ago"]
)
async def test_what_was_said_a_moment_ago_is_said_to_all(age: float, asked: int) -> None:
    staging: Any = Counting()
    lately = Lately(staging, age)

    found = await asyncio.gather(*(lately.instances() for _ in range(3)))

    assert staging.asked == asked
    assert found[-1] == (asked,)
