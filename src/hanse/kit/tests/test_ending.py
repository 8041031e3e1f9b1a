"""A task that loses its cancelling, as under Python 3.11 some do, ends all the same."""

import asyncio

from hanse.kit.ending import end


async def test_who_is_cancelled_and_goes_on_is_cancelled_again():
    lost = []

    async def loses_the_first():
        while True:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                lost.append(1)
                if len(lost) > 1:
                    raise

    done = asyncio.create_task(asyncio.sleep(0))
    task = asyncio.create_task(loses_the_first())
    await done
    await asyncio.sleep(0)
    async with asyncio.timeout(10):
        await end([task, done], again=0)
    assert (len(lost), task.cancelled()) == (2, True)
    await end([])
