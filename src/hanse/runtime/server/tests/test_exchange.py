"""What HTTP itself offers: HEAD, OPTIONS, CORS, gzip, conditional GET, 100-continue, HTTP/1.0, streams."""

from __future__ import annotations

import gzip

import pytest

from hanse.runtime.http.cors import Cors
from hanse.runtime.server.tests.desk import MARKER
from hanse.runtime.server.tests.wire import JSON, connect, get, post


async def test_head_is_get_without_the_body(peer):
    for path in ("/desk/v1/names/a", "/desk/v1/large?kilobytes=9", "/health/live", "/openapi.json"):
        whole = await peer.ask(get(path))
        head = await peer.ask(get(path, verb="HEAD"))
        assert (head.status, head.body) == (200, b"")
        assert head.headers["content-length"] == str(len(whole.body))
        assert head.headers["etag"] == whole.headers["etag"]


async def test_head_of_a_stream_ends_at_once_and_leaves_nothing_behind(host, peer):
    for _ in range(3):
        head = await peer.ask(get("/desk/v1/hums", verb="HEAD"))
        assert (head.status, head.headers["content-type"]) == (200, "text/event-stream")
    assert host.admission.running == 0
    assert (await peer.ask(get("/desk/v1/names/a"))).json == {"text": "a"}


ALLOWED = {
    "/desk/v1/echo": "OPTIONS, POST",
    "/desk/v1/names/a": "DELETE, GET, HEAD, OPTIONS",
    "/desk.v1.Desk/Echo": "OPTIONS, POST",
    "/health/live": "GET, HEAD, OPTIONS",
}


@pytest.mark.parametrize("path", ALLOWED)
async def test_other_verbs_are_refused_with_those_that_are_served(peer, path):
    for verb in ("PUT", "PATCH", "TRACE", "PROPFIND", "SEARCH"):
        answer = await peer.ask(get(path, verb=verb))
        assert (answer.status, answer.code) == (405, "method_not_allowed")
        assert answer.headers["allow"] == ALLOWED[path]
    answer = await peer.ask(get(path, verb="OPTIONS"))
    assert (answer.status, answer.headers["allow"]) == (204, ALLOWED[path])


async def test_what_is_not_served_is_not_found(peer):
    for verb in ("GET", "POST", "HEAD", "OPTIONS", "DELETE"):
        answer = await peer.ask(get("/nowhere", verb=verb))
        assert answer.status == 404
    # a client of Connect is told in its own words
    answer = await peer.ask(connect("Nothing", {}))
    assert answer.status in {404, 501}


async def test_a_body_for_nobody_is_read_and_forgotten(peer):
    assert (await peer.ask(post("/nowhere", {"a": 1}))).status == 404
    assert (await peer.ask(post("/nowhere", b"x" * 60_000))).status == 404
    assert (await peer.ask(post("/nowhere", b"x" * 100_000))).status == 413


# Cross-origin requests (fetch.spec.whatwg.org, 3.2)

SHOP = "https://shop.example"


def origin(name: str) -> str:
    return f"Origin: {name}"


@pytest.fixture
async def shop(serve, connect_to):
    return await connect_to(await serve(cors=Cors(frozenset({SHOP}))))


async def test_every_answer_says_that_it_depends_on_the_origin(shop):
    """Else a cache gives what it has of a navigation to a page that may read it from elsewhere."""
    answer = await shop.ask(get("/desk/v1/who"))
    assert "origin" in answer.headers["vary"]
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("path", ["/desk/v1/secrets", "/desk.v1.Desk/Secret"])
async def test_who_must_sign_in_is_told_by_what(peer, path):
    answer = await peer.ask(post(path, {}))
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


async def test_a_page_of_an_allowed_origin_may_ask_and_read(shop):
    asks = ("Access-Control-Request-Method: POST", "Access-Control-Request-Headers: authorization")
    preflight = await shop.ask(get("/desk/v1/echo", origin(SHOP), *asks, verb="OPTIONS"))
    assert preflight.status == 204
    assert preflight.headers["access-control-allow-origin"] == SHOP
    assert "POST" in preflight.headers["access-control-allow-methods"]
    assert "authorization" in preflight.headers["access-control-allow-headers"]
    assert int(preflight.headers["access-control-max-age"]) > 0
    for request in (get("/desk/v1/names/a", origin(SHOP)), get("/nowhere", origin(SHOP))):
        answer = await shop.ask(request)
        assert answer.headers["access-control-allow-origin"] == SHOP
        assert "origin" in answer.headers["vary"]
        assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize(
    "name",
    [
        "https://evil.example",
        "null",
        "",
        "*",
        "http://shop.example",
        "https://shop.example:444",
        "https://SHOP.example",
        "https://shop.example.evil.example",
        "https://evil-shop.example",
        "https://shop.example/",
        "https://shop.example, https://evil.example",
    ],
)
async def test_a_page_of_another_origin_may_not(shop, name):
    asks = "Access-Control-Request-Method: POST"
    for request in (
        get("/desk/v1/echo", origin(name), asks, verb="OPTIONS"),
        get("/desk/v1/names/a", origin(name)),
        get("/nowhere", origin(name)),
    ):
        answer = await shop.ask(request)
        assert not [one for one in answer.headers if one.startswith("access-control-")]
        assert "origin" in answer.headers["vary"]


async def test_without_a_setting_no_page_of_another_origin_may(peer):
    answer = await peer.ask(get("/desk/v1/names/a", origin(SHOP)))
    assert not [one for one in answer.headers if one.startswith("access-control-")]


async def test_any_origin_may_where_that_is_set(serve, connect_to):
    peer = await connect_to(await serve(cors=Cors(frozenset({"*"}))))
    for name in (SHOP, "null"):
        answer = await peer.ask(get("/desk/v1/names/a", origin(name)))
        assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


# Compression (RFC 9110, 12.5.3)

TAKES = ["gzip", "GZIP", "gzip;q=1", "gzip;q=0.001", "br, gzip", "*", "deflate, *;q=0.5", "gzip ; q = 0.5",
         "identity;q=0, gzip"]  # fmt: skip
REFUSES = ["", "br", "gzip;q=0", "gzip;q=0.0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "*, gzip;q=0",
           "xgzip", "gzipx", "identity"]  # fmt: skip


@pytest.mark.parametrize("accepted", TAKES)
async def test_a_large_answer_is_compressed_for_who_takes_it(peer, accepted):
    plain = await peer.ask(get("/desk/v1/large?kilobytes=9"))
    small = await peer.ask(get("/desk/v1/large?kilobytes=9", f"Accept-Encoding: {accepted}"))
    assert small.headers["content-encoding"] == "gzip"
    assert "accept-encoding" in small.headers["vary"]
    assert gzip.decompress(small.body) == plain.body
    assert len(small.body) < len(plain.body) // 10


@pytest.mark.parametrize("accepted", REFUSES)
async def test_it_is_not_for_who_does_not(peer, accepted):
    answer = await peer.ask(get("/desk/v1/large?kilobytes=9", f"Accept-Encoding: {accepted}"))
    assert "content-encoding" not in answer.headers
    assert "accept-encoding" in answer.headers["vary"]
    assert len(answer.body) > 9 * 1024


async def test_small_answers_and_streams_are_not_compressed(peer):
    for path in ("/desk/v1/names/a", "/desk/v1/ticks?kilobytes=9"):
        answer = await peer.ask(get(path, "Accept-Encoding: gzip"))
        assert "content-encoding" not in answer.headers


async def test_a_compressed_answer_over_the_threshold_of_threads_arrives_whole(peer):
    answer = await peer.ask(get("/desk/v1/large?kilobytes=3000", "Accept-Encoding: gzip"))
    assert len(gzip.decompress(answer.body)) > 3000 * 1024


# Conditional requests (RFC 9110, 13)


async def test_what_has_not_changed_is_not_sent_again(peer):
    tag = (await peer.ask(get("/desk/v1/names/a"))).headers["etag"]
    strong = tag.removeprefix("W/")
    for condition in (tag, strong, "*", f'"x", {tag}', f'{tag}, "x"', f'W/"x",{strong}', " * "):
        for verb in ("GET", "HEAD"):
            request = get("/desk/v1/names/a", f"If-None-Match: {condition}", verb=verb)
            answer = await peer.ask(request)
            assert (answer.status, answer.body) == (304, b""), condition
            assert answer.headers["etag"] == tag
            assert "content-length" not in answer.headers


async def test_what_has_changed_is(peer):
    for condition in ('"x"', 'W/"x"', "", "x", '"*"', ","):
        answer = await peer.ask(get("/desk/v1/names/a", f"If-None-Match: {condition}"))
        assert answer.status == 200, condition
    tag = answer.headers["etag"]
    assert (await peer.ask(get("/desk/v1/names/b", f"If-None-Match: {tag}"))).status == 200


async def test_a_condition_is_only_for_reading(peer):
    answer = await peer.ask(post("/desk/v1/echo", {"text": "a"}, "If-None-Match: *"))
    assert answer.status == 200
    assert (await peer.ask(get("/nowhere", "If-None-Match: *"))).status == 404


# Expect: 100-continue (RFC 9110, 10.1.1)

EXPECT = ("Expect: 100-continue",)


async def test_a_body_is_called_for_when_it_may_come(peer):
    whole = post("/desk/v1/echo", {"text": "a"}, *EXPECT)
    head, _, body = whole.partition(b"\r\n\r\n")
    interim = await peer.ask(head + b"\r\n\r\n")
    assert interim.status == 100
    assert (await peer.ask(body)).json == {"text": "a"}


async def test_a_body_that_may_not_come_is_refused_instead(peer):
    head = post("/desk/v1/small", {"text": "a" * 100}, *EXPECT).partition(b"\r\n\r\n")[0]
    answers = [await peer.ask(head + b"\r\n\r\n")]
    assert [answer.status for answer in answers + await peer.answers()] == [413]


async def test_it_is_not_called_for_in_the_middle_of_another_answer(peer, gates):
    whole = post("/desk/v1/echo", {"text": "b"}, *EXPECT)
    head, _, body = whole.partition(b"\r\n\r\n")
    await peer.send(get("/desk/v1/gates/a", verb="POST") + head + b"\r\n\r\n")
    await gates.wait_entered("a")
    gates.open("a")
    assert [(await peer.answer()).status for _ in range(2)] == [200, 100]
    assert (await peer.ask(body)).json == {"text": "b"}


async def test_other_expectations_and_older_clients_get_no_promise(peer, connect_to, host):
    request = post("/desk/v1/echo", {"text": "a"}, "Expect: miracles")
    assert (await peer.ask(request)).status == 200
    old = await connect_to(host)
    await old.send(post("/desk/v1/echo", {"text": "a"}, *EXPECT).replace(b"HTTP/1.1", b"HTTP/1.0"))
    assert [answer.status for answer in await old.answers()] == [200]


# Connections


async def test_a_connection_is_kept_and_ends_when_asked(peer):
    for _ in range(20):
        answer = await peer.ask(get("/desk/v1/names/a"))
        assert (answer.status, answer.headers.get("connection")) == (200, None)
    answer = await peer.ask(get("/desk/v1/names/a", "Connection: keep-alive, close"))
    assert answer.headers["connection"] == "close"
    assert await peer.closed() == b""


async def test_a_client_of_http_1_0_gets_what_it_understands(host, connect_to):
    for path in ("/desk/v1/names/a", "/desk/v1/ticks?count=2"):
        peer = await connect_to(host)
        await peer.send(f"GET {path} HTTP/1.0\r\n\r\n".encode())
        answers = await peer.answers()
        assert [answer.status for answer in answers] == [200]
        assert "transfer-encoding" not in answers[0].headers
        assert answers[0].headers["connection"] == "close"
    assert answers[0].body.endswith(b"event: end\ndata: {}\n\n")


async def test_every_answer_says_what_it_is_and_that_it_means_it(peer):
    for request in (
        get("/desk/v1/names/a"),
        get("/nowhere"),
        get("/desk/v1/ticks"),
        get("/pages/a"),
    ):
        answer = await peer.ask(request)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["date"].endswith(" GMT")
        assert "content-type" in answer.headers
        assert "server" not in answer.headers


# Streams


async def test_a_stream_that_breaks_says_so_without_saying_why(peer):
    stream = await peer.ask(get("/desk/v1/ticks?count=2&fail=true"))
    assert stream.whole
    *_, last, _ = stream.body.split(b"\n\n")
    assert last.startswith(b"event: error\ndata: {")
    assert b'"status":500' in last
    assert MARKER.encode() not in stream.body
    assert (await peer.ask(get("/desk/v1/names/a"))).status == 200


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (get("/desk/v1/ticks?count=x"), 400),
        (get("/desk/v1/ticks?nothing=1"), 400),
        (get("/desk/v1/ticks", "Authorization: Bearer x"), 401),
        (get("/desk/v1/ticks", "Connect-Timeout-Ms: 0"), 504),
        (connect("Ticks", {"count": "x"}), 400),
        (connect("Ticks", {}, "Connect-Timeout-Ms: x"), 400),
    ],
)
async def test_a_stream_that_cannot_begin_has_a_status(host, peer, request_, status):
    """A browser's EventSource comes back to a 200 every three seconds, for ever."""
    answer = await peer.ask(request_)
    assert answer.status == status
    assert "event-stream" not in answer.headers["content-type"]
    assert host.admission.running == 0


async def test_a_message_of_a_stream_is_one_event(peer):
    stream = await peer.ask(post("/desk.v1.Desk/Ticks", {"count": 2}, JSON))
    assert stream.headers["content-type"] == "text/event-stream"
    events = stream.body.split(b"\n\n")[:-1]
    assert events == [b'data: {"text":"0"}', b'data: {"text":"1"}', b"event: end\ndata: {}"]
