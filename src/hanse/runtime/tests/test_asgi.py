"""ASGI both ways: a host inside FastAPI, FastAPI inside a host, and apps that do not behave."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing, asynccontextmanager
from typing import Annotated

import pytest
from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.responses import StreamingResponse

from hanse import PUBLIC, SIGNED_IN, Host, HostConfig, Length, Service, Struct, rpc
from hanse.kit.http import Address, ConnectionFailed, connect
from hanse.runtime.call.admission import Limits
from hanse.runtime.errors import NotFound
from hanse.testing import HttpClient


class Greeting(Struct, frozen=True):
    text: str


class Gone(NotFound):
    code = "gone"


class Note:
    def __init__(self) -> None:
        self.closed = asyncio.Event()


class Greeter(Service):
    def __init__(self, note: Note) -> None:
        self.note = note

    @rpc("POST /greeter/v1/greetings", allow=PUBLIC, errors=(Gone,), max_body=1000)
    async def greet(self, name: Annotated[str, Length(1, 100)]) -> Greeting:
        if name == "gone":
            raise Gone(detail="Gone.")
        return Greeting(f"Hello, {name}")

    @rpc("POST /greeter/v1/secrets", allow=SIGNED_IN)
    async def secret(self) -> str:
        return "secret"

    @rpc("GET /greeter/v1/names/{name}", allow=PUBLIC)
    async def name(self, name: str) -> str:
        return name

    @rpc("GET /greeter/v1/counts", allow=PUBLIC)
    async def count(self, to: int) -> AsyncIterator[int]:
        try:
            for number in range(to):
                yield number
            if to > 3:
                await asyncio.Event().wait()
        finally:
            self.note.closed.set()


# A host inside an app.


class AsgiClient:
    """Calls an ASGI app with bytes, as a server would, and keeps what it sends."""

    def __init__(self, app, root_path=""):
        self.app = app
        self.root_path = root_path

    async def request(self, verb, path, body=b"", *, leave_after=None, incoming=None, **headers):
        sent = []
        left = asyncio.Event()
        messages = incoming or [{"type": "http.request", "body": body, "more_body": False}]

        async def receive():
            if messages:
                return messages.pop(0)
            await left.wait()
            return {"type": "http.disconnect"}

        async def send(message):
            sent.append(message)
            if leave_after is not None and len(sent) > leave_after:
                left.set()

        scope = {
            "type": "http", "method": verb, "path": path, "raw_path": path.partition("?")[0].encode(),
            "query_string": path.partition("?")[2].encode(), "root_path": self.root_path,
            "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in headers.items()],
        }  # fmt: skip
        async with asyncio.timeout(5) as bound:
            await self.app(scope, receive, send)
        assert not bound.expired()
        return sent

    async def post(self, path, body):
        sent = await self.request("POST", path, body, content_type="application/json")
        return sent[0]["status"], b"".join(part.get("body", b"") for part in sent[1:])


@pytest.fixture
async def inside():
    """A host mounted at /api of a FastAPI app, both alive; a client for the app, and the note."""
    note = Note()
    host = Host([Greeter], HostConfig(port=None), provided={Note: note})
    app = FastAPI(lifespan=host.lifespan)

    @app.get("/plain")
    async def plain():
        return {"greeting": (await host.get(Greeter).greet("FastAPI")).text}

    app.mount("/api", host.asgi)
    async with app.router.lifespan_context(app):
        yield AsgiClient(app), note


async def test_a_mounted_host_answers_beside_the_apps_own_routes(inside):
    client, _ = inside

    assert await client.post("/api/greeter/v1/greetings", b'{"name":"Ada"}') == (
        200, b'{"text":"Hello, Ada"}',
    )  # fmt: skip
    sent = await client.request("GET", "/plain")
    assert sent[1]["body"] == b'{"greeting":"Hello, FastAPI"}'


async def test_a_mounted_host_answers_errors_as_problems(inside):
    client, _ = inside

    status, body = await client.post("/api/greeter/v1/greetings", b'{"name":""}')
    assert (status, b'"field":"name"' in body) == (400, True)
    status, body = await client.post("/api/greeter/v1/greetings", b'{"name":"gone"}')
    assert (status, b'"code":"gone"' in body) == (404, True)
    assert (await client.post("/api/greeter/v1/secrets", b"{}"))[0] == 401
    assert (await client.post("/api/nowhere", b"{}"))[0] == 404


async def test_a_mounted_host_says_what_has_not_changed(inside):
    client, _ = inside

    whole = await client.request("GET", "/api/greeter/v1/names/ada")
    tag = dict(whole[0]["headers"])[b"etag"].decode()
    again = await client.request("GET", "/api/greeter/v1/names/ada", if_none_match=tag)
    assert (whole[0]["status"], again[0]["status"]) == (200, 304)


async def test_a_mounted_host_trusts_no_context_header(inside):
    client, _ = inside

    sent = await client.request(
        "POST", "/api/greeter/v1/secrets", b"{}", content_type="application/json",
        hanse_context='{"principal":{"kind":"staff","id":"eve"}}',
    )  # fmt: skip

    assert sent[0]["status"] == 401


async def test_a_mounted_host_holds_its_body_limit(inside):
    client, _ = inside
    parts = [{"type": "http.request", "body": b"x" * 600, "more_body": True} for _ in range(1000)]

    sent = await client.request(
        "POST", "/api/greeter/v1/greetings", incoming=parts, content_type="application/json"
    )

    assert sent[0]["status"] == 413
    assert len(parts) == 998


async def test_bodies_at_a_mounted_host_share_its_room_and_give_it_back():
    large = {"type": "http.request", "body": b"x" * 100_000, "more_body": True}
    left = {"type": "http.disconnect"}
    config = HostConfig(port=None, limits=Limits(body_room=150_000))
    async with Host([Greeter], config, provided={Note: Note()}) as host:
        client = AsgiClient(host.asgi)

        async def post(*parts):
            path = "/greeter/v1/secrets"
            return await client.request("POST", path, incoming=[dict(one) for one in parts])

        refused = await post(large, large, left)
        assert refused[0]["status"] == 503
        assert [b"retry-after", b"1"] in refused[0]["headers"]
        assert await post(large, left) == []
        answered = await post(large, {"type": "http.request", "body": b""})
        assert answered[0]["status"] == 401
        assert host.room.held == 0


async def test_half_a_request_to_a_mounted_host_is_none(inside):
    client, _ = inside
    parts = [
        {"type": "http.request", "body": b'{"name":"A"}', "more_body": True},
        {"type": "http.disconnect"},
    ]

    assert await client.request("POST", "/api/greeter/v1/greetings", incoming=parts) == []


async def test_a_mounted_host_streams(inside):
    client, note = inside

    sent = await client.request("GET", "/api/greeter/v1/counts?to=3")

    assert [part["body"] for part in sent[1:] if part["body"]] == [
        b"data: 0\n\n", b"data: 1\n\n", b"data: 2\n\n", b"event: end\ndata: {}\n\n",
    ]  # fmt: skip
    assert not sent[-1].get("more_body")
    assert note.closed.is_set()


async def test_a_client_that_leaves_a_stream_ends_it(inside):
    client, note = inside

    await client.request("GET", "/api/greeter/v1/counts?to=5", leave_after=5)

    assert note.closed.is_set()
    assert asyncio.current_task().cancelling() == 0


async def test_a_head_request_to_a_stream_ends_it_unread(inside):
    client, _ = inside

    sent = await client.request("HEAD", "/api/greeter/v1/counts?to=5")

    assert [part["type"] for part in sent] == ["http.response.start", "http.response.body"]
    assert sent[1]["body"] == b""


async def test_a_host_is_no_websocket(inside):
    host = Host([], HostConfig(port=None))

    with pytest.raises(RuntimeError, match="speaks http, not websocket"):
        await host.asgi({"type": "websocket"}, None, None)


async def test_an_app_that_strips_its_own_prefix_mounts_a_host_as_well():
    host = Host([Greeter], HostConfig(port=None), provided={Note: Note()})
    async with host:
        client = AsgiClient(host.asgi, root_path="/outer")
        assert (await client.post("/outer/greeter/v1/greetings", b'{"name":"A"}'))[0] == 200
        assert (await client.post("/greeter/v1/greetings", b'{"name":"A"}'))[0] == 200


# An app inside a host.


def fastapi_app(seen):
    @asynccontextmanager
    async def lifespan(app):
        seen.append("started")
        yield {"pool": "a pool"}
        seen.append("stopped")

    app = FastAPI(lifespan=lifespan)

    @app.get("/who/{name}")
    async def who(name: str, request: Request):
        return {"name": name, "pool": request.state.pool, "root": request.scope["root_path"]}

    @app.post("/size")
    async def size(request: Request):
        return len(await request.body())

    @app.get("/counts")
    async def counts():
        async def parts():
            try:
                yield "0"
                for number in range(1, 1000):
                    yield f" {number}"
            finally:
                seen.append("streamed")

        return StreamingResponse(parts())

    @app.get("/endless")
    async def endless():
        async def parts():
            try:
                while True:
                    yield "again "
                    await asyncio.sleep(0)
            finally:
                seen.append("closed")

        return StreamingResponse(parts())

    @app.get("/later")
    async def later(background: BackgroundTasks):
        async def work():
            for _ in range(10):
                await asyncio.sleep(0)
            seen.append("worked")

        background.add_task(work)
        return "now"

    @app.get("/broken")
    async def broken():
        raise ValueError("secret-text")

    @app.get("/broken-stream")
    async def broken_stream():
        async def parts():
            yield "begin"
            await asyncio.sleep(0)
            raise ValueError("secret-text")

        return StreamingResponse(parts())

    return app


@asynccontextmanager
async def hosting(app, prefix="/app"):
    config = HostConfig(limits=Limits(drain_timeout=1))
    host = Host([Greeter], config, provided={Note: Note()})
    host.mount(prefix, app)
    async with host:
        yield host, HttpClient(host.url)


async def until(condition):
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


async def test_an_app_inside_a_host_answers_beside_the_services():
    seen = []
    async with hosting(fastapi_app(seen)) as (_, http):
        answer = await http.get("/app/who/J%C3%B6rg%20Ada?x=1")
        greeting = await http.post("/greeter/v1/greetings", {"name": "Ada"})
        missing = await http.get("/app/nowhere")
        assert seen == ["started"]

    assert answer.json == {"name": "Jörg Ada", "pool": "a pool", "root": "/app"}
    assert greeting.json == {"text": "Hello, Ada"}
    assert (missing.status, missing.json) == (404, {"detail": "Not Found"})
    assert seen == ["started", "stopped"]


async def test_an_app_gets_the_body_and_no_more_than_allowed():
    async with hosting(fastapi_app([])) as (_, http):
        assert (await http.post("/app/size", b"x" * 1_000_000)).json == 1_000_000
        refused = await http.request(
            "POST", "/app/size", headers={"content-length": str(17 * 1024 * 1024)}
        )
        assert refused.status == 413


async def test_an_app_streams_and_one_whose_reader_leaves_is_ended():
    seen = []
    async with hosting(fastapi_app(seen)) as (host, http):
        answer = await http.get("/app/counts")
        assert answer.text == " ".join(map(str, range(1000)))
        await until(lambda: "streamed" in seen)

        channel = await connect(Address(host.url))
        await channel.open_stream(b"GET /app/endless HTTP/1.1\r\nhost: x\r\n\r\n")
        async with aclosing(channel.chunks()) as chunks:
            assert (await anext(chunks)).startswith(b"again")
        await until(lambda: "closed" in seen)


async def test_an_app_may_work_on_after_its_answer():
    seen = []
    async with hosting(fastapi_app(seen)) as (_, http):
        assert (await http.get("/app/later")).json == "now"
        await until(lambda: "worked" in seen)


async def test_an_app_that_fails_shows_nothing_of_it(caplog):
    async with hosting(fastapi_app([])) as (_, http):
        answer = await http.get("/app/broken")

    assert answer.status == 500
    assert "secret" not in answer.text
    assert "secret-text" in caplog.text


async def test_an_app_that_fails_in_mid_answer_breaks_the_connection():
    async with hosting(fastapi_app([])) as (_, http):
        with pytest.raises(ConnectionFailed):
            await http.get("/app/broken-stream")
        assert (await http.get("/app/later")).status == 200


def raw(*messages, error=None):
    """An app that takes no part in lifespan and sends these messages, then ends or raises."""

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await receive()
        for message in messages:
            await send(message)
        if error:
            raise error

    return app


START = {"type": "http.response.start", "status": 200, "headers": [(b"x-a", b"1")]}
BODY = {"type": "http.response.body", "body": b"whole"}

BAD = {
    "raises": raw(error=ValueError("secret-text")),
    "sends nothing": raw(),
    "sends the body first": raw(BODY),
    "starts twice": raw(START, START),
    "smuggles a header": raw({**START, "headers": [(b"x-a", b"1\r\nset-cookie: a=b")]}, BODY),
}


@pytest.mark.parametrize("case", BAD)
async def test_an_app_that_does_not_behave_is_a_fault_of_ours(case, caplog):
    async with hosting(BAD[case]) as (_, http):
        try:
            answer = await http.get("/app/x")
        except ConnectionFailed:
            assert case == "starts twice"
        else:
            assert (answer.status, answer.json["code"]) == (500, "internal")
            assert "secret" not in answer.text
            assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("status", [204, 304])
async def test_an_answer_without_a_body_leaves_the_connection_whole(status):
    app = raw({**START, "status": status}, {"type": "http.response.body"})
    async with hosting(app) as (host, _):
        channel = await connect(Address(host.url))
        ask = b"GET /app/x HTTP/1.1\r\nhost: a\r\n\r\n"
        answers = [await channel.exchange(ask) for _ in range(2)]
        channel.close()
    assert [(answered, body) for answered, _, body in answers] == [(status, b"")] * 2
    assert all(b"transfer-encoding" not in headers for _, headers, _ in answers)


async def test_an_app_that_ends_in_mid_answer_breaks_the_connection():
    async with hosting(raw(START, {**BODY, "more_body": True})) as (_, http):
        with pytest.raises(ConnectionFailed):
            await http.get("/app/x")


@pytest.mark.parametrize("after", [BODY, START, {"type": "nonsense"}])
async def test_what_an_app_sends_after_the_end_goes_nowhere(after, caplog):
    async with hosting(raw(START, BODY, after)) as (_, http):
        answer = await http.get("/app/x")
        again = await http.get("/app/x")

    assert (answer.status, answer.text, again.text) == (200, "whole", "whole")
    assert "nothing was due" in caplog.text


async def test_an_app_answers_head_without_its_body():
    async with hosting(raw(START, BODY)) as (_, http):
        answer = await http.request("HEAD", "/app/x")

    assert (answer.status, answer.body, answer.headers["x-a"]) == (200, b"", "1")


async def test_an_app_that_cannot_start_stops_the_host_from_starting():
    async def app(scope, receive, send):
        await receive()
        await send({"type": "lifespan.startup.failed", "message": "No database."})

    with pytest.raises(RuntimeError, match="No database"):
        async with hosting(app):
            pass


async def test_the_longest_prefix_and_a_services_route_win():
    async with hosting(raw(START, BODY), "/greeter") as (host, http):
        host.mount("/greeter/deep", raw(START, {**BODY, "body": b"deep"}))
        assert (await http.get("/greeter/x")).text == "whole"
        assert (await http.get("/greeter/deep/x")).text == "deep"
        assert (await http.post("/greeter/v1/greetings", {"name": "Ada"})).json[
            "text"
        ] == "Hello, Ada"
        assert (await http.get("/greeterx")).status == 404
