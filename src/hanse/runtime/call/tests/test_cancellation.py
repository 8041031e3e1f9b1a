"""Who no longer waits for an answer ends the work on it; nothing that a call began outlives it."""

import asyncio

import pytest

from hanse.runtime.errors import DeadlineExceeded, Internal, Unavailable
from hanse.testing import acting


async def test_a_caller_that_leaves_ends_its_callees_handler(placed):
    call = asyncio.create_task(placed.stock.hang("left"))
    await placed.diary.until("left began")

    made = placed.caller.metrics.of("stock.v1.Stock", "Hang", "client")
    assert made.in_flight == (placed.caller is not placed.callee)
    call.cancel()

    with pytest.raises(asyncio.CancelledError):
        await call
    await placed.diary.until("left ended")
    assert made.in_flight == 0


async def test_a_caller_that_leaves_ends_the_calls_of_its_callee(placed):
    call = asyncio.create_task(placed.shop.hang())
    await placed.diary.until("nested began")

    call.cancel()

    await placed.diary.until("nested ended")
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_a_cancelled_call_is_counted_as_such(placed):
    call = asyncio.create_task(placed.stock.hang("left"))
    await placed.diary.until("left began")
    call.cancel()
    await placed.diary.until("left ended")
    await asyncio.wait([call])

    async with asyncio.timeout(5):
        while not placed.counted("Hang"):
            await asyncio.sleep(0)
    assert placed.counted("Hang") == {"canceled": 1}


async def test_after_a_cancelled_call_the_next_one_gets_its_own_answer(placed):
    for _ in range(3):
        call = asyncio.create_task(placed.stock.hang("left"))
        await placed.diary.until("left began")
        call.cancel()
        await asyncio.wait([call])

    assert (await placed.stock.put("apple")).sku == "apple"


async def test_a_task_that_a_handler_leaves_behind_is_cancelled_and_named(placed, caplog):
    await placed.stock.leak()

    await placed.diary.until("leaked ended")
    [message] = [one.getMessage() for one in caplog.records if one.name == "hanse.call"]
    assert "stock.v1.Stock/Leak" in message
    assert "forgotten" in message


async def test_a_task_that_is_left_behind_in_a_shortened_block_is_found_too(placed, caplog):
    await placed.shop.leak_within()

    [task] = [note for note in placed.diary.notes if isinstance(note, asyncio.Task)]
    await asyncio.wait([task], timeout=5)
    assert task.cancelled()
    assert "forgotten within" in caplog.text


async def test_tasks_that_a_handler_awaits_are_its_own_business(placed, caplog):
    assert await placed.stock.together() == (0, 1, 2)

    assert caplog.text == ""


async def test_a_method_runs_as_many_calls_as_it_declares_and_refuses_more(placed):
    calls = [asyncio.create_task(placed.stock.narrow(name)) for name in ("one", "two")]
    await placed.diary.until("one began")
    await placed.diary.until("two began")

    with pytest.raises(Unavailable, match="stock.v1.Stock/Narrow"):
        await placed.stock.narrow("three")
    assert placed.counted("Narrow") == {"unavailable": 1}

    placed.diary.go.set()
    await asyncio.gather(*calls)
    await placed.stock.narrow("four")
    assert placed.counted("Narrow") == {"unavailable": 1, "": 3}


async def test_a_plain_method_runs_in_a_thread_and_sees_its_context(placed):
    with acting(site="acme") as context:
        thread, site, *_, trace, caller, _ = await placed.stock.blocking()

    assert thread.startswith("hanse-method")
    assert (site, trace, caller) == ("acme", context.trace_id, "host")


async def test_a_deadline_passes_while_a_thread_blocks(placed):
    with pytest.raises(DeadlineExceeded):
        await placed.stock.blocked()

    # A thread cannot be ended: it goes on until the function returns.
    assert placed.diary.notes == []
    placed.diary.gate.set()


async def test_plain_methods_are_bounded(place):
    placed = await place(threads=2)
    calls = [asyncio.create_task(placed.stock.occupied()) for _ in range(2 + 64)]
    async with asyncio.timeout(5):
        while placed.callee.metrics.of("stock.v1.Stock", "Occupied").in_flight < 2 + 64:
            await asyncio.sleep(0)

    with pytest.raises(Unavailable, match="threads"):
        await placed.stock.blocking()

    placed.diary.gate.set()
    await asyncio.gather(*calls)
    assert (await placed.stock.blocking())[0].startswith("hanse-method")


async def test_a_plain_method_may_raise_even_what_a_future_cannot_carry(placed, caplog):
    with pytest.raises(Internal):
        await placed.stock.stopped()

    assert "secret-stop" in caplog.text
