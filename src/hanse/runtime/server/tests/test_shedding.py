"""Who is let in when not all can be: bounds of the host, of a method and of a site; refused early."""

from __future__ import annotations

import time

import pytest

from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.server.tests.test_floods import until
from hanse.runtime.server.tests.wire import connect, get, post


@pytest.fixture
def token(tmp_path):
    """Tokens of members of a site."""
    issuer = DevelopmentIssuer(tmp_path / "identity", time.time)

    def minted(site: str) -> str:
        return f"Authorization: Bearer {issuer.mint('member', 'ada', site=site)}"

    minted.issuer = issuer.issuer()
    return minted


@pytest.fixture
async def small(serve, token):
    """A host that runs eight calls at once."""
    return await serve(limits={"calls": 8}, issuers=(token.issuer,))


def shed(host, *reasons: str) -> float:
    """Calls refused early, for some reasons or for all."""
    [family] = [one for one in host.metrics.families() if one.name == "hanse_calls_shed_total"]
    series = family.series.values()
    return sum(one.value for one in series if not reasons or one.labels["reason"] in reasons)


def wait(key: str, *headers: str) -> bytes:
    return get(f"/desk/v1/gates/{key}", *headers, verb="POST")


@pytest.fixture
async def flood(small, connect_to, gates):
    """Sends calls that hang; tells those that came in from those that were refused."""

    async def flooded(count: int, *headers: str):
        peers = [await connect_to(small) for _ in range(count)]
        refused = []
        for peer in peers:
            before = small.admission.running + shed(small)
            await peer.send(wait("hang", *headers))
            await until(lambda was=before: small.admission.running + shed(small) > was)
        for peer in peers:
            if peer.reader._buffer:
                refused.append(await peer.answer())
        return [peer for peer in peers if not peer.reader._buffer], refused

    yield flooded
    gates.open("hang")


async def test_one_sites_flood_leaves_room_for_the_others(small, flood, token, connect_to, gates):
    # when one site asks for far more than there is
    _, refused = await flood(20, token("loud"))
    # then it holds its share, and the rest of it is told when to come again
    assert small.admission.running == 4
    assert {(answer.status, answer.code) for answer in refused} == {(429, "resource_exhausted")}
    assert {answer.headers["retry-after"] for answer in refused} == {"1"}
    # while other sites get in
    for site in ("calm", "quiet"):
        peer = await connect_to(small)
        answer = await peer.ask(get("/desk/v1/who", token(site)))
        assert (answer.status, answer.json["site"]) == (200, site)


async def test_who_is_turned_away_is_counted_and_makes_no_call_look_fast(small, flood, token):
    await flood(6, token("loud"))
    counted = small.metrics.of("desk.v1.Desk", "Wait")
    assert counted.codes["resource_exhausted"] == 2
    assert counted.latency.count == 0


async def test_operators_see_what_a_host_holds_and_why_it_refuses(small, flood, token):
    await flood(20, token("loud"))
    assert shed(small, "site") == shed(small) == 16

    def seen(*lines: str) -> bool:
        return set(lines) <= set(small.metrics.prometheus().splitlines())

    await until(lambda: seen(
        "hanse_calls_running 4",
        'hanse_calls_shed_total{reason="host"} 0',
        'hanse_calls_shed_total{reason="room"} 0',
        'hanse_connections{kind="http"} 20',
        'hanse_connections{kind="link"} 0',
        "hanse_body_room_held_bytes 0",
        "hanse_spans_dropped_total 0",
    ))  # fmt: skip


async def test_a_site_alone_may_use_its_share_and_gets_all_of_it_back(
    small, flood, token, gates, connect_to
):
    for _ in range(3):
        await flood(6, token("acme"))
        assert small.admission.running == 4
        gates.open("hang")
        await until(lambda: small.admission.running == 0)
        gates.opened("hang").clear()
    assert small.admission.held == {}


async def test_a_full_host_says_so_at_once(small, flood, token, connect_to):
    for site in "abcdefgh":
        await flood(1, token(site))
    assert small.admission.running == 8
    for request in (get("/desk/v1/names/a"), connect("Echo", {"text": "a"})):
        peer = await connect_to(small)
        answer = await peer.ask(request)
        assert (answer.status, answer.json["code"]) == (503, "unavailable")
        assert answer.headers["retry-after"] == "1"
    # and what asks after its health is answered all the same
    assert (await (await connect_to(small)).ask(get("/health/ready"))).status == 200


async def test_a_method_has_a_bound_of_its_own(host, connect_to, gates):
    one, two = await connect_to(host), await connect_to(host)
    await one.send(get("/desk/v1/narrow/hang", verb="POST"))
    await gates.wait_entered("hang")
    answer = await two.ask(get("/desk/v1/narrow/other", verb="POST"))
    assert (answer.status, answer.code, answer.headers["retry-after"]) == (503, "unavailable", "1")
    # other methods are free, and so is this one afterwards
    assert (await two.ask(get("/desk/v1/names/a"))).status == 200
    gates.open("hang")
    assert (await one.answer()).status == 200
    gates.open("other")
    assert (await two.ask(get("/desk/v1/narrow/other", verb="POST"))).status == 200
    assert gates.begun == ["hang", "other"]


ENDINGS = {
    "answered": get("/desk/v1/names/a"),
    "refused": post("/desk/v1/echo", {"txet": 1}),
    "no JSON": post("/desk/v1/echo", b"{"),
    "media type": post("/desk/v1/echo", b"{}", "Content-Type: text/plain"),
    "failed": post("/desk/v1/failures/raise", b""),
    "group": post("/desk/v1/failures/group", b""),
    "declared": post("/desk/v1/failures/full", b""),
    "wrong answer": post("/desk/v1/lies", b""),
    "forbidden": get("/desk/v1/me"),
    "bad token": get("/desk/v1/who", "Authorization: Bearer x"),
    "bad time": get("/desk/v1/who", "Connect-Timeout-Ms: x"),
    "too late": connect("Wait", {"key": "never"}, "Connect-Timeout-Ms: 20"),
    "streamed": get("/desk/v1/ticks"),
    "stream failed": get("/desk/v1/ticks?fail=true"),
    "stream refused": get("/desk/v1/ticks?count=x"),
    "HEAD of a stream": get("/desk/v1/ticks", verb="HEAD"),
    "page": get("/pages/a"),
    "page failed": get("/pages/broken"),
    "connect": connect("Echo", {"text": "a"}),
    "connect failed": connect("Fail", {"how": "broken"}),
}


@pytest.mark.parametrize("name", ENDINGS)
async def test_every_call_that_was_counted_in_is_counted_out(small, connect_to, name):
    """However it ends: a leak of one in a thousand would have the host refuse all in a day."""
    peer = await connect_to(small)
    for _ in range(12):
        await peer.ask(ENDINGS[name])
    assert small.admission.running == 0
    assert small.admission.held == {}
    assert not small.deadlines.calls
    assert (await peer.ask(get("/desk/v1/names/a"))).status == 200


async def test_a_stream_that_fails_to_clean_up_is_counted_out_too(host, connect_to, gates, caplog):
    peer = await connect_to(host)
    await peer.send(get("/desk/v1/sours"))
    await gates.wait_entered("sour")
    await peer.close()
    await until(lambda: not host.connections and not host.admission.running)
    assert not host.deadlines.calls
    assert host.metrics.of("desk.v1.Desk", "Sour").in_flight == 0
    assert sum(host.metrics.of("desk.v1.Desk", "Sour").codes.values()) == 1
