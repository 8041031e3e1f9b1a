"""Streams: items in order, errors in the middle, and an end when nobody listens any more."""

import asyncio
from contextlib import aclosing

import pytest

from hanse.runtime.call.tests.warehouse import Line, SoldOut
from hanse.runtime.errors import Internal, InvalidArgument, NotFound


async def test_items_come_in_order_and_end(placed):
    assert [item async for item in placed.stock.watch(100)] == [
        Line("apple", number) for number in range(1, 101)
    ]
    assert placed.counted("Watch") == {"": 1}


async def test_a_stream_may_be_empty(placed):
    assert [item async for item in placed.stock.watch(0)] == []


async def test_items_come_as_they_are_made(placed):
    items = placed.stock.watch(1, "hang")

    assert await anext(items) == Line("apple", 1)

    await items.aclose()


async def test_an_argument_is_checked(placed):
    with pytest.raises(InvalidArgument) as caught:
        await anext(placed.stock.watch(-1))

    assert [one.field for one in caught.value.violations] == ["count"]


async def test_a_call_that_does_not_fit_the_signature_fails_at_once(placed):
    with pytest.raises(TypeError):
        placed.stock.watch()
    with pytest.raises(InvalidArgument):
        placed.stock.watch(object())


@pytest.mark.parametrize(
    ("then", "error"),
    [("declared", SoldOut), ("undeclared", NotFound), ("raw", Internal), ("wrong", Internal)],
)
async def test_an_error_in_the_middle_comes_after_the_items_before_it(placed, then, error):
    items = []
    with pytest.raises(error) as caught:
        async for item in placed.stock.watch(2, then):
            items.append(item)

    assert items == [Line("apple", 1), Line("apple", 2)]
    assert type(caught.value) is error
    assert "secret" not in str(caught.value)
    if error is SoldOut:
        assert caught.value.lines == (Line("apple", 2),)
    await placed.diary.until("closed")


async def test_a_consumer_that_leaves_closes_the_generator(placed):
    async with aclosing(placed.stock.watch(1000)) as items:
        async for item in items:
            if item.quantity == 3:
                break

    if placed.caller is placed.callee:
        assert "closed" in placed.diary.notes  # at once, not when memory is swept
    await placed.diary.until("closed")


async def test_a_consumer_that_just_breaks_closes_the_generator_too(placed):
    async for _ in placed.stock.watch(5, "hang"):
        break

    await placed.diary.until("closed")


async def test_a_consumer_that_is_cancelled_closes_the_generator(placed):
    async def consume():
        async for _ in placed.stock.watch(1, "hang"):
            placed.diary.write("got one")

    consumer = asyncio.create_task(consume())
    await placed.diary.until("got one")

    consumer.cancel()

    await placed.diary.until("closed")
    with pytest.raises(asyncio.CancelledError):
        await consumer


async def test_streams_that_were_left_hold_no_place(placed):
    for _ in range(3):
        async with aclosing(placed.stock.watch(5, "hang")) as items:
            await anext(items)
    await placed.diary.until("closed")

    assert [item async for item in placed.stock.watch(1)] == [Line("apple", 1)]
    async with asyncio.timeout(5):
        while placed.callee.admission.running:
            await asyncio.sleep(0)
    assert not placed.callee.deadlines.calls


async def test_a_slow_consumer_holds_the_producer_back(placed):
    """Memory stays bounded: the generator is asked for items only as the reader takes them."""
    async with aclosing(placed.stock.watch(1000)) as items:
        await anext(items)
        for _ in range(50):
            await asyncio.sleep(0)
        assert [item.quantity async for item in items] == list(range(2, 1001))
