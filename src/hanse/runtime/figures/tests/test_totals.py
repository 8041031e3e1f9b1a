"""What a host tells of itself in short: all of its methods together, at a trusted door."""

import msgspec

from hanse.runtime.figures.totals import Totals
from hanse.runtime.server.tests.wire import get, post
from hanse.runtime.telemetry.histogram import BOUNDS_NS

ECHO = post("/desk/v1/echo", {"text": "a"})


async def totals(desk) -> Totals:
    answer = await (await desk.inside()).ask(get("/totals"))
    assert answer.status == 200, answer
    return msgspec.json.decode(answer.body, type=Totals)


async def test_nobody_sees_them_but_at_a_trusted_door(begin):
    desk = await begin()

    for peer in (await desk.outside(), await desk.gate()):
        assert (await peer.ask(get("/totals"))).status == 404
    answer = await (await desk.inside()).ask(get("/totals"))

    assert (answer.status, answer.headers["cache-control"]) == (200, "no-store")


async def test_they_are_of_all_calls_that_are_served_and_of_none_that_are_made(begin):
    desk = await begin()
    peer = await desk.gate()
    for request in (ECHO, ECHO, get("/desk/v1/who")):
        await peer.ask(request)
    desk.host.metrics.of("desk.v1.Desk", "Echo", "client").record(1, "")

    told = await totals(desk)

    assert told.calls == 3
    assert [bound for bound, _ in told.took] == list(BOUNDS_NS)
    assert told.took[-1][1] == 3


async def test_they_say_how_long_calls_took(begin):
    desk = await begin()
    for service, ns in (("a", 10_000), ("b", 10_000), ("b", 1_000_000), ("c", 10**11)):
        desk.host.metrics.of(f"{service}.v1.Shop", "Get").record(ns, "")

    told = await totals(desk)

    took = dict(told.took)
    assert (took[1 << 14], took[1 << 18], took[1 << 20], took[1 << 36]) == (2, 2, 3, 3)
    assert told.calls == 4


async def test_they_are_as_short_however_many_methods_there_are(begin):
    desk = await begin()
    for service in range(50):
        for method in range(5):
            counted = desk.host.metrics.of(f"shop{service}.v1.Shop", f"Get{method}")
            for number in range(100):
                counted.record(number**5, "" if number % 2 else "not_found")

    answer = await (await desk.inside()).ask(get("/totals"))

    assert msgspec.json.decode(answer.body)["calls"] == 25_000
    assert len(answer.body) < 400
