"""Requests sent ahead: answered in order, within a bound, none lost and none run before its turn."""

from __future__ import annotations

import asyncio

from hanse.runtime.server.tests.test_floods import until
from hanse.runtime.server.tests.wire import get, post


async def test_fifty_at_once_are_answered_in_order_the_slow_one_first(peer, gates):
    sent = get("/desk/v1/gates/slow", verb="POST")
    sent += b"".join(get(f"/desk/v1/names/{number}") for number in range(49))
    await peer.send(sent)
    await gates.wait_entered("slow")
    gates.open("slow")
    answers = [(await peer.answer()).json["text"] for _ in range(50)]
    assert answers == ["slow", *map(str, range(49))]


async def test_they_run_one_after_another(peer, gates):
    keys = ["a", "b", "c"]
    await peer.send(b"".join(get(f"/desk/v1/gates/{key}", verb="POST") for key in keys))
    for number, key in enumerate(keys):
        await gates.wait_entered(key)
        assert gates.begun == keys[: number + 1]
        gates.open(key)
        assert (await peer.answer()).json == {"text": key}


async def test_beyond_the_bound_the_peer_is_not_read_and_nothing_is_lost(serve, connect_to, gates):
    host = await serve(limits={"pipelined": 4})
    peer = await connect_to(host)
    await peer.send(get("/desk/v1/gates/first", verb="POST"))
    await gates.wait_entered("first")
    # when far more is sent than the network's buffers hold
    body = {"text": "x" * 100_000}
    sending = asyncio.create_task(peer.send(post("/desk/v1/echo", body) * 300))
    connection = next(iter(host.connections))
    await until(lambda: not connection._transport.is_reading())
    for _ in range(1000):
        await asyncio.sleep(0)
    # then only a few are held, and the peer has to wait
    assert len(connection._waiting) < 4 + 4
    assert not sending.done()
    gates.open("first")
    assert (await peer.answer()).json == {"text": "first"}
    for _ in range(300):
        assert (await peer.answer()).json == body
    await sending


async def test_thousands_in_one_segment_do_not_end_up_on_one_stack(peer):
    await peer.send(get("/desk/v1/names/a") * 3000)
    for _ in range(3000):
        assert (await peer.answer()).status == 200


async def test_a_refused_one_ends_what_comes_after_it_and_not_what_came_before(peer, gates):
    good, bad = post("/desk/v1/echo", {"text": "a"}), b"POST /x HTTP/1.1\r\nHost desk\r\n\r\n"
    await peer.send(get("/desk/v1/gates/slow", verb="POST") + good + bad + good)
    await gates.wait_entered("slow")
    gates.open("slow")
    assert [answer.status for answer in await peer.answers()] == [200, 200, 400]
    assert gates.begun == ["slow", "a"]


async def test_a_failing_one_ends_nothing(peer):
    bad = post("/desk/v1/failures/raise", b"")
    await peer.send(bad + get("/desk/v1/names/a") + bad + get("/desk/v1/names/b"))
    assert [(await peer.answer()).status for _ in range(4)] == [500, 200, 500, 200]


async def test_a_stream_is_whole_before_the_next_answer_begins(peer):
    await peer.send(get("/desk/v1/ticks?count=5") + get("/desk/v1/names/after"))
    stream, after = await peer.answer(), await peer.answer()
    assert stream.body.count(b"data: ") == 6
    assert stream.body.endswith(b"event: end\ndata: {}\n\n")
    assert after.json == {"text": "after"}


async def test_a_client_that_left_ends_what_waits(host, peer, gates):
    await peer.send(get("/desk/v1/gates/slow", verb="POST") + post("/desk/v1/echo", {"text": "a"}))
    await gates.wait_entered("slow")
    await peer.close()
    await until(lambda: gates.ended["slow"] == 1 and not host.connections)
    assert gates.begun == ["slow"]


async def test_no_request_sees_what_another_left_in_its_context(peer):
    await peer.send(post("/desk/v1/remembered", {}) * 3)
    answers = [await peer.answer() for _ in range(3)]
    assert [answer.json["text"] for answer in answers] == ["nothing"] * 3
