"""The span buffer is bounded, keeps the newest and says what it lost."""

import threading

import msgspec
import pytest

from hanse.runtime.telemetry.span import Span, SpanBuffer


def span(number: int) -> Span:
    return Span(f"{1:032x}", f"{number:016x}", "", "crm.v1.Contacts/Merge", "server", number, 1)


def test_what_was_added_is_drained_once_and_in_order() -> None:
    buffer = SpanBuffer(3)
    added = [span(1), span(2)]
    for one in added:
        buffer.add(one)
    assert buffer.drain() == added
    assert buffer.drain() == []


def test_a_full_buffer_drops_the_oldest_and_counts_it() -> None:
    buffer = SpanBuffer(3)
    for number in range(1, 6):
        buffer.add(span(number))
    assert buffer.dropped == 2
    assert buffer.drain() == [span(3), span(4), span(5)]
    buffer.add(span(6))
    assert buffer.dropped == 2


def test_a_buffer_that_holds_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="at least 1"):
        SpanBuffer(0)


def test_draining_in_another_thread_loses_and_repeats_nothing() -> None:
    # Given a thread that adds while this one drains
    buffer = SpanBuffer(10_000)
    adding = threading.Thread(target=lambda: [buffer.add(span(n)) for n in range(5000)])
    adding.start()
    drained: list[Span] = []
    while adding.is_alive():
        drained += buffer.drain()
    adding.join()
    drained += buffer.drain()
    # Then each span came out exactly once, in order
    assert [one.start_ns for one in drained] == list(range(5000))


def test_spans_of_an_older_and_a_newer_release_are_read() -> None:
    one = span(1)
    fields = msgspec.json.decode(msgspec.json.encode(one))
    assert msgspec.json.decode(msgspec.json.encode([*fields, "a later field"]), type=Span) == one
    assert msgspec.json.decode(msgspec.json.encode(fields[:7]), type=Span) == one
