"""Whether keys should rotate is asked now and then, by one at a time, and what is wrong is told."""

import asyncio
import logging

from hanse.fleet.control.looks.forgetting import Forgetting


async def test_it_is_asked_once_and_not_while_it_is_under_way():
    asked: list[str] = []
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def rotate(environment: str) -> tuple[str, ...]:
        asked.append(environment)
        begun.set()
        await go_on.wait()
        return ()

    forgetting = Forgetting(rotate, first=0)
    for _ in range(3):
        forgetting.look("production")
    await begun.wait()
    forgetting.look("production")
    await forgetting.stop()
    assert asked == ["production"]


async def test_nothing_is_asked_before_its_time():
    async def rotate(environment: str) -> tuple[str, ...]:
        raise AssertionError(environment)

    forgetting = Forgetting(rotate, first=1000)
    forgetting.look("")
    await forgetting.stop()


async def test_what_stands_against_it_is_in_the_log(caplog):
    async def rotate(_: str) -> tuple[str, ...]:
        return ("Keys do not rotate:", "the disk is full.")

    forgetting = Forgetting(rotate, first=0)
    with caplog.at_level(logging.WARNING, "hanse.control"):
        forgetting.look("")
        async with asyncio.timeout(10):
            while not caplog.messages:
                await asyncio.sleep(0)
    assert caplog.messages == ["Keys do not rotate: the disk is full."]
