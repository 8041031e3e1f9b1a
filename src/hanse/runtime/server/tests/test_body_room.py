"""Large bodies of many peers at once: there is room for some, and it is given back."""

import pytest

from hanse.runtime.call.room import SMALL
from hanse.runtime.server.tests.test_floods import until
from hanse.runtime.server.tests.test_shedding import shed
from hanse.runtime.server.tests.wire import post

LARGE = post("/desk/v1/echo", {"text": "x" * 200_000})
HALF = len(LARGE) // 2


@pytest.fixture
async def cramped(serve):
    """A host with room for one large body and a half."""
    return await serve(limits={"body_room": 300_000})


async def test_what_finds_no_room_is_told_to_come_back(cramped, connect_to):
    first, second = await connect_to(cramped), await connect_to(cramped)
    await first.send(LARGE[:-1])
    await until(lambda: cramped.room.held > 150_000)
    refused = await second.ask(LARGE)
    assert (refused.status, refused.code) == (503, "unavailable")
    assert refused.headers["retry-after"] == "1"
    assert shed(cramped, "room") == 1
    assert (await first.ask(LARGE[-1:])).status == 200

    await until(lambda: not cramped.room.held)
    third = await connect_to(cramped)
    for _ in range(3):
        assert (await third.ask(LARGE)).status == 200


async def test_small_bodies_need_no_room(serve, connect_to):
    host = await serve(limits={"body_room": 1})
    peer = await connect_to(host)
    assert (await peer.ask(post("/desk/v1/echo", {"text": "x" * (SMALL // 2)}))).status == 200
    assert (await peer.ask(LARGE)).status == 503


async def test_who_leaves_leaves_no_bytes_behind(cramped, connect_to):
    for cut in (HALF, len(LARGE) - 1):
        peer = await connect_to(cramped)
        await peer.send(LARGE[:cut])
        await until(lambda: cramped.room.held)
        await peer.close()
        await until(lambda: not cramped.room.held)


async def test_who_leaves_while_bodies_wait_leaves_none_behind(serve, connect_to, gates):
    host = await serve(limits={"body_room": 1_000_000})
    peer = await connect_to(host)
    await peer.send(post("/desk/v1/gates/a", {}) + LARGE + LARGE)
    await gates.wait_entered("a")
    await until(lambda: host.room.held > 400_000)
    await peer.close()
    await until(lambda: not host.room.held)


async def test_a_running_handler_still_holds_its_body(serve, connect_to, gates):
    host = await serve(limits={"body_room": 1_000_000})
    peer = await connect_to(host)
    await peer.send(post("/desk/v1/gates/a", b"{" + b" " * 200_000 + b"}"))
    await gates.wait_entered("a")
    assert host.room.held > 200_000
    gates.open("a")
    assert (await peer.answer()).status == 200
    await until(lambda: not host.room.held)


async def test_a_body_without_an_announced_length_takes_room_as_it_comes(cramped, connect_to):
    peer = await connect_to(cramped)
    head = post("/desk/v1/echo", {}).partition(b"Content-Length")[0]
    await peer.send(head + b"Transfer-Encoding: chunked\r\n\r\n")
    answers = await peer.ask(b"30d40\r\n" + b" " * 200_000 + b"\r\n30d40\r\n" + b" " * 200_000)
    assert answers.status == 503
    await until(lambda: not cramped.room.held)
