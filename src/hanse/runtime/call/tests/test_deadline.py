"""Deadlines shrink from hop to hop and end what runs too long, wherever it runs."""

import asyncio

import pytest

from hanse import remaining, within
from hanse.kit.clock import monotonic_ns
from hanse.runtime.call.context import Call, Origin
from hanse.runtime.call.deadline import SECOND_NS, Deadlines
from hanse.runtime.call.tests.warehouse import Stock
from hanse.runtime.errors import DeadlineExceeded
from hanse.testing import acting

STOCK = next(iter(Stock.__contract__.methods.values()))


async def test_a_handler_that_hangs_is_ended(placed):
    with pytest.raises(DeadlineExceeded) as caught:
        await placed.stock.brief()

    assert type(caught.value) is DeadlineExceeded
    assert "stock.v1.Stock/Brief" in str(caught.value)
    await placed.diary.until("brief ended")


async def test_a_deadline_already_past_never_reaches_the_callee(placed):
    with acting(), pytest.raises(DeadlineExceeded), within(0):
        await placed.stock.put("apple")

    assert placed.counted("Put") == {}


async def test_a_deadline_already_past_opens_no_stream(placed):
    with acting(), pytest.raises(DeadlineExceeded), within(0):
        await anext(placed.stock.watch(1))

    assert placed.counted("Watch") == {}


async def test_a_method_has_its_own_timeout_where_the_caller_would_wait_longer(placed):
    assert 4 < await placed.stock.left() <= 5


async def test_a_nested_call_has_no_more_time_than_the_outer_one(placed):
    inner, outer_afterwards = await placed.shop.left()

    # On the wire a deadline is whole milliseconds (Connect-Timeout-Ms), rounded down.
    assert outer_afterwards - 0.001 <= inner <= 3


async def test_within_shortens_calls_and_says_so(placed):
    seconds = 0.05
    while (
        "hurried ended" not in placed.diary.notes
    ):  # on a busy machine it may end before it begins
        assert await placed.shop.hurry(seconds) == "deadline_exceeded"
        seconds = min(2 * seconds, 1)


async def test_within_never_lengthens(placed):
    with acting(), within(2), within(60):
        assert 0 < remaining() <= 2
        assert await placed.stock.left() <= 2


async def test_the_outer_deadline_ends_the_inner_call_too(placed):
    with pytest.raises(DeadlineExceeded):
        await placed.shop.hang()

    await placed.diary.until("nested ended")


async def test_after_an_inner_deadline_the_outer_call_goes_on(placed):
    assert await placed.shop.brief() == "went on"


async def test_a_task_whose_call_ran_out_of_time_is_not_left_cancelled(placed):
    with pytest.raises(DeadlineExceeded):
        await placed.stock.brief()

    assert asyncio.current_task().cancelling() == 0


async def test_an_answer_that_comes_after_the_deadline_is_none(placed):
    with pytest.raises(DeadlineExceeded):
        await placed.stock.stubborn()

    await placed.diary.until("swallowed")
    assert asyncio.current_task().cancelling() == 0


async def test_a_stream_ends_at_its_deadline(placed):
    items = []
    with pytest.raises(DeadlineExceeded):
        async for item in placed.stock.slow():
            items.append(item)

    assert items == [1]
    await placed.diary.until("slow ended")


async def test_a_stream_that_never_waits_ends_at_its_deadline_too(placed):
    with pytest.raises(DeadlineExceeded):
        async for _ in placed.stock.eager():
            pass


async def test_a_consumer_may_take_its_time_between_items_but_not_get_more(placed):
    items = placed.stock.slow()
    assert await anext(items) == 1

    await asyncio.sleep(0.45)

    with pytest.raises(DeadlineExceeded):
        await anext(items)


async def test_no_deadline_is_watched_once_the_call_is_over(placed):
    await placed.stock.put("apple")
    with pytest.raises(DeadlineExceeded):
        await placed.stock.brief()

    assert not placed.caller.deadlines.calls


async def test_deadlines_stand_still_at_a_breakpoint(placed):
    placed.callee.deadlines.pause()
    placed.caller.deadlines.pause()

    call = asyncio.create_task(placed.stock.brief())
    await asyncio.sleep(0.1)

    assert not call.done()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call


async def test_outside_a_call_there_is_no_deadline_to_ask_for_or_to_shorten():
    with pytest.raises(RuntimeError, match="no deadline"):
        remaining()
    with pytest.raises(RuntimeError, match="none is running"), within(1):
        pass


async def test_of_two_deadlines_at_once_both_are_told():
    """A task sees one of two cancellations; who catches the inner one must still meet the outer."""
    deadlines = Deadlines()

    async def nested() -> int:
        now, told = monotonic_ns(), 0
        for _ in range(2):
            call = Call(STOCK, Origin(), now, now + 1_000_000, deadlines, "1" * 32, "2" * 16)
            deadlines.watch(call)
        while told < 2:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                told += 1
                asyncio.current_task().uncancel()
        return told

    # Not by wait_for: its own cancellation would be taken for the second.
    done, late = await asyncio.wait({asyncio.create_task(nested())}, timeout=5)
    for task in late:
        task.cancel()
    assert [task.result() for task in done] == [2]


async def test_a_deadline_is_met_however_far_the_others_are():
    """A sweep comes for the nearest: not for the first that was given, nor for the last."""
    deadlines, now = Deadlines(), monotonic_ns()
    far, near, late = (
        Call(STOCK, Origin(), now, now + soon, deadlines, "1" * 32, "2" * 16)
        for soon in (600 * SECOND_NS, SECOND_NS // 100, 600 * SECOND_NS)
    )
    for call in (far, near, late):
        call.task = asyncio.create_task(asyncio.Event().wait())
        deadlines.watch(call)

    await asyncio.wait((near.task,), timeout=10)

    assert near.task.cancelled()
    assert [call.expired for call in (far, near, late)] == [False, True, False]
    far.task.cancel()
    late.task.cancel()
