"""What a client may not say, how much it may send, and what the gateway answers by itself."""

import asyncio
import os
import re
import ssl

import msgspec
import pytest

from hanse.fleet.gateway.picture import Domain, Endpoint, Upstream
from hanse.fleet.gateway.settings import GatewaySettings, Limit
from hanse.fleet.gateway.tests.world import (
    NO_LIMIT,
    World,
    cart,
    eventually,
    make_certificate,
    ok,
    read_answer,
    request,
)  # fmt: skip

RESTS = "cluster.cart.v1.Cart.outlier_detection.ejections_enforced_total"
HTML = "text/html,application/xhtml+xml;q=0.9,*/*;q=0.8"


def header(head: bytes, name: str) -> list[str]:
    lines = head.decode("latin-1").split("\r\n")[1:]
    return [line.partition(":")[2].strip() for line in lines if line.startswith(f"{name}:")]


class TestNames:
    """Headers that only hosts and gateways set."""

    @pytest.mark.parametrize(
        "name",
        [
            "hanse-context", "hanse-site", "hanse-anything", "HANSE-Context", "x-envoy-retry-on", "x-envoy-max-retries",
            "x-envoy-original-path", "x-envoy-upstream-rq-timeout-ms", "x-envoy-internal", "x-forwarded-host",
            "x-forwarded-for", "x-forwarded-proto", "x-forwarded-client-cert", "forwarded", "x-real-ip", "proxy",
            "hanse_site", "x_forwarded_for", "x-request-id",
        ],
    )  # fmt: skip
    async def test_are_not_taken_from_outside(self, world: World, name: str) -> None:
        # given
        host = await world.host("cart")
        await world.show(cart(host))
        # when
        lines = f"{name}: evil\r\n{name}: evil, evil\r\n"
        answer = await world.raw(f"GET /cart HTTP/1.1\r\nhost: localhost\r\n{lines}\r\n".encode())
        # then
        assert answer.status == 200
        assert b"evil" not in host.seen[-1]

    async def test_tell_the_host_who_calls(self, world: World) -> None:
        # given
        host = await world.host("cart")
        await world.show(cart(host))
        # when
        await world.raw(request("/cart", x_forwarded_for="9.9.9.9"), source="127.0.0.7")
        # then
        assert header(host.seen[-1], "x-forwarded-for") == ["127.0.0.7"]
        assert header(host.seen[-1], "x-forwarded-proto") == ["http"]
        assert [line for line in host.seen[-1].split(b"\r\n") if line.startswith(b"x-envoy-")] == []

    async def test_of_applications_pass(self, world: World) -> None:
        # given
        host = await world.host("cart")
        await world.show(cart(host))
        given = {
            "authorization": "bearer x",
            "cookie": "a=b",
            "idempotency-key": "k",
            "connect-timeout-ms": "500",
            "accept-language": "de",
        }
        # when
        await world.get("/cart", **{name.replace("-", "_"): value for name, value in given.items()})
        # then
        for name, value in given.items():
            assert header(host.seen[-1], name) == [value]

    async def test_of_a_trace_are_made_or_passed_on(self, world: World) -> None:
        # given
        host = await world.host("cart")
        await world.show(cart(host))
        trace = "4bf92f3577b34da6a3ce929d0e0e4736"
        # when
        await world.get("/cart", traceparent=f"00-{trace}-00f067aa0ba902b7-01", tracestate="a=1")
        await world.get("/cart")
        # then
        passed, made = (header(head, "traceparent")[0] for head in host.seen)
        assert passed.startswith(f"00-{trace}-")
        assert re.fullmatch(r"00-[0-9a-f]{32}-[0-9a-f]{16}-00", made)
        assert header(host.seen[0], "tracestate") == ["a=1"]

    async def test_of_the_server_are_ours(self, world: World) -> None:
        # given
        host = await world.host("cart")
        host.answer = b"HTTP/1.1 200 OK\r\nserver: secret/1.2\r\ncontent-length: 0\r\n\r\n"
        await world.show(cart(host))
        # when
        answer = await world.get("/cart")
        # then
        assert answer.headers["server"] == "hanse"
        assert not [name for name in answer.headers if name.startswith("x-envoy-")]


class TestBounds:
    """A client that sends too much or too slowly is told so and left."""

    @pytest.fixture
    def settings(self) -> GatewaySettings:
        return GatewaySettings(
            per_address=NO_LIMIT, per_key=NO_LIMIT, header_timeout=0.5, body_timeout=1.0, idle_timeout=0.5,
            silence=1.5, connections=20, requests=2, streams=3,
        )  # fmt: skip

    async def test_headers_too_long(self, world: World) -> None:
        await world.show()
        answer = await world.get("/", x="y" * 40_000)
        assert (answer.status, answer.json()["code"]) == (431, "headers_too_large")

    async def test_too_many_headers(self, world: World) -> None:
        await world.show()
        answer = await world.get("/", **{f"x{number}": "y" for number in range(101)})
        assert (answer.status, answer.json()["code"]) == (431, "headers_too_large")

    async def test_slow_headers(self, world: World) -> None:
        await world.show()
        answer = await world.raw(b"GET / HTTP/1.1\r\nhost: x\r\n")
        assert (answer.status, answer.json()["code"]) == (408, "request_timeout")
        assert await eventually(world.log_lines)
        assert world.log_lines()[0]["reason"] == "request_header_timeout"

    async def test_slow_body(self, world: World) -> None:
        # given
        host = await world.host("cart")
        await world.show(cart(host))
        # when
        answer = await world.raw(b"POST /cart HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\nab")
        # then
        assert (answer.status, answer.json()["code"]) == (408, "request_timeout")

    async def test_idle_connection(self, world: World) -> None:
        await world.show()
        async with world.connection() as (reader, _), asyncio.timeout(5):
            assert await reader.read() == b""

    async def test_silent_host(self, world: World) -> None:
        # given
        host = await world.host("cart")
        host.answer = b""
        await world.show(cart(host))
        # when
        answer = await world.get("/cart")
        # then
        assert answer.status in (408, 504)

    async def test_stream_that_says_something_now_and_then_goes_on(self, world: World) -> None:
        # given
        async def events(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n"
            )
            for _ in range(8):
                writer.write(b"data: x\n\n")
                await asyncio.sleep(0.3)  # together longer than every timeout
            writer.close()

        async with await asyncio.start_unix_server(events, world.folder / "events.gate"):
            await world.show(Upstream("e.v1.Events", ("events",), (Endpoint("events.gate"),)))
            # when
            answer = await world.get("/events", accept="text/event-stream")
        # then
        assert answer.body.count(b"data: x") == 8

    async def test_requests_under_way_to_one_service(self, world: World) -> None:
        # given
        host, other = await world.host("cart"), await world.host("shop")
        host.answer = b""
        await world.show(cart(host), Upstream("shop.v1.Shop", ("shop",), (other.endpoint,)))
        async with asyncio.TaskGroup() as group:
            held = [group.create_task(world.get("/cart")) for _ in range(2)]
            assert await eventually(lambda: len(host.seen) == 2)
            # when
            third, elsewhere = await world.get("/cart"), await world.get("/shop")
            # then
            assert (third.status, third.headers["retry-after"]) == (503, "1")
            assert elsewhere.status == 200
            for task in held:
                task.cancel()

    async def test_connections(self, world: World) -> None:
        # given
        await world.show()
        held = [await asyncio.open_connection("127.0.0.1", world.settings.port) for _ in range(20)]
        # when
        reader, writer = await asyncio.open_connection("127.0.0.1", world.settings.port)
        # then
        async with asyncio.timeout(0.4):  # before any is idle for too long
            assert await reader.read() == b""
        for _, one in [*held, (reader, writer)]:
            one.close()

    async def test_upgrade_is_not_taken_up(self, world: World) -> None:
        # given
        host = await world.host("cart")
        await world.show(cart(host))
        for protocol in ("websocket", "h2c", "hanse-link/1"):
            # when
            answer = await world.get("/cart", connection="upgrade", upgrade=protocol)
            # then
            assert answer.status == 200
            assert not header(host.seen[-1], "upgrade")

    async def test_connect_is_not_taken_up(self, world: World) -> None:
        host = await world.host("cart")
        await world.show(cart(host))
        answer = await world.raw(b"CONNECT localhost:80 HTTP/1.1\r\nhost: localhost:80\r\n\r\n")
        assert answer.status == 404
        assert host.seen == []


class TestReplies:
    """Problems for programs, pages for people."""

    async def test_program_reads_a_problem(self, world: World) -> None:
        await world.show()
        answer = await world.get("/nowhere")
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json() | {"instance": ""} == {
            "type": "urn:hanse:error:not_found", "title": "Not found", "status": 404, "code": "not_found",
            "detail": "No service answers at this address.", "instance": "",
        }  # fmt: skip

    async def test_person_reads_a_page(self, world: World) -> None:
        await world.show()
        answer = await world.get("/nowhere", accept=HTML)
        assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
        assert b"<title>Not found</title>" in answer.body
        assert answer.headers["cache-control"] == "no-store"

    @pytest.mark.parametrize("accept", ["application/json", HTML])
    async def test_service_without_a_host_says_when_to_come_again(
        self, world: World, accept: str
    ) -> None:
        await world.show(cart())
        answer = await world.get("/cart", accept=accept)
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")

    async def test_hosts_own_errors_pass_as_they_are(self, world: World) -> None:
        # given
        host = await world.host("cart")
        host.answer = b"HTTP/1.1 503 Busy\r\nretry-after: 7\r\ncontent-length: 4\r\n\r\nbusy"
        await world.show(cart(host))
        # when
        answer = await world.get("/cart", accept=HTML)
        # then
        assert (answer.status, answer.headers["retry-after"], answer.body) == (503, "7", b"busy")

    async def test_reply_is_found_in_the_log_by_its_instance(self, world: World) -> None:
        # given
        await world.show(cart())
        for path in ("/nowhere", "/cart"):
            # when
            instance = (await world.get(path)).json()["instance"].removeprefix("urn:uuid:")
            # then
            assert len(instance) == 36
            assert await eventually(lambda wanted=instance: wanted in world.request_ids())


class TestLog:
    async def test_line_names_the_trace_the_host_has(self, world: World) -> None:
        # given
        host = await world.host("cart")
        await world.show(cart(host))
        # when
        await world.get(
            "/cart/v1/items?secret=1",
            "POST",
            b"body",
            authorization="Bearer secret",
            cookie="secret",
        )
        # then
        assert await eventually(world.log_lines)
        (line,) = world.log_lines()
        assert line["trace_id"] == header(host.seen[-1], "traceparent")[0].split("-")[1]
        assert {name: line[name] for name in ("method", "path", "status", "service", "upstream", "client", "attempts", "received")} == {
            "method": "POST", "path": "/cart/v1/items", "status": 200, "service": "cart.v1.Cart", "upstream": "cart.gate",
            "client": "127.0.0.1", "attempts": 1, "received": 4,
        }  # fmt: skip
        assert "secret" not in str(line)

    async def test_hostile_line_stays_one_line(self, world: World) -> None:
        await world.show()
        await world.raw(b'GET /"\xff}\\n{" HTTP/1.1\r\nhost: "x\x7f\r\n\r\n')
        await world.get('/a"b', host='x"y')
        assert await eventually(lambda: len(world.log_lines()) >= 1)

    async def test_file_that_is_emptied_goes_on_from_its_beginning(self, world: World) -> None:
        # given
        await world.show()
        await world.get("/first")
        assert await eventually(world.log_lines)
        # when
        os.truncate(world.folder / world.settings.access_log, 0)
        await world.get("/second")
        # then
        assert await eventually(world.log_lines)
        assert [line["path"] for line in world.log_lines()] == ["/second"]


class TestLimits:
    """Token buckets by address and by key."""

    @pytest.fixture
    def settings(self) -> GatewaySettings:
        return GatewaySettings(per_address=Limit(1, 5), per_key=Limit(1, 3), buckets=100)

    async def spend(self, world: World, number: int, source: str, **headers: str) -> list[int]:
        return [
            (await world.raw(request("/cart", **headers), source=source)).status
            for _ in range(number)
        ]

    async def test_address_has_its_own(self, world: World) -> None:
        # given
        host = await world.host("cart")
        await world.show(cart(host))
        # when
        first = await self.spend(world, 8, "127.0.0.1")
        second = await self.spend(world, 5, "127.0.0.2")
        # then
        assert first[:5] == [200] * 5
        assert 429 in first[5:]
        assert second == [200] * 5

    async def test_key_has_its_own_from_wherever_it_comes(self, world: World) -> None:
        # given
        host = await world.host("cart")
        await world.show(cart(host))
        # when
        from_all = [
            (await self.spend(world, 1, f"127.0.0.{number}", authorization="Bearer a"))[0]
            for number in range(10, 16)
        ]
        other = await self.spend(world, 3, "127.0.0.20", authorization="Bearer b")
        # then
        assert from_all[:3] == [200] * 3
        assert 429 in from_all[3:]
        assert other == [200] * 3

    async def test_refusal_says_when_and_how_much(self, world: World) -> None:
        # given
        await world.show()
        await self.spend(world, 5, "127.0.0.1")
        # when
        answer = await world.get("/cart", accept="application/json")
        # then
        assert (answer.status, answer.json()["code"], answer.headers["retry-after"]) == (
            429,
            "too_many_requests",
            "1",
        )
        assert (answer.headers["x-ratelimit-limit"], answer.headers["x-ratelimit-remaining"]) == (
            "5",
            "0",
        )

    async def test_more_addresses_than_are_remembered_break_nothing(self, world: World) -> None:
        host = await world.host("cart")
        await world.show(cart(host))
        for number in range(150):
            assert await self.spend(world, 1, f"127.0.1.{number}") == [200]
        assert (await self.spend(world, 1, "127.0.1.149", authorization="Bearer x")) == [200]


class TestTls:
    async def test_names_have_their_own_certificates(self, world: World) -> None:
        # given
        own, shop = (
            make_certificate(world.folder, "localhost"),
            make_certificate(world.folder, "shop.example"),
        )
        host = await world.host("cart")
        await world.show(
            cart(host), domains=(Domain("shop.example", "acme", shop),), certificate=own
        )
        for name in ("localhost", "shop.example"):
            context = ssl.create_default_context(cafile=world.folder / f"{name}.pem")
            context.set_alpn_protocols(["http/1.1"])
            # when
            async with world.connection(context, name) as (reader, writer):
                writer.write(request("/cart", host=name))
                answer = await read_answer(reader)
            # then
            assert answer.status == 200
            assert "strict-transport-security" not in answer.headers
            assert header(host.seen[-1], "x-forwarded-proto") == ["https"]
            assert header(host.seen[-1], "hanse-site") == (
                ["acme"] if name == "shop.example" else []
            )

    async def test_two_protocols_are_offered_and_old_ones_are_not(self, world: World) -> None:
        # given
        await world.show(certificate=make_certificate(world.folder, "localhost"))
        context = ssl.create_default_context(cafile=world.folder / "localhost.pem")
        context.set_alpn_protocols(["h2", "http/1.1"])
        # when
        async with world.connection(context, "localhost") as (_, writer):
            # then
            assert writer.get_extra_info("ssl_object").selected_alpn_protocol() == "h2"
        old = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        old.check_hostname, old.verify_mode = False, ssl.CERT_NONE
        old.set_ciphers("DEFAULT@SECLEVEL=0")
        with pytest.warns(DeprecationWarning):
            old.minimum_version, old.maximum_version = ssl.TLSVersion.TLSv1, ssl.TLSVersion.TLSv1_1
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with world.connection(old, "localhost"):
                pass

    async def test_renewed_certificate_is_shown_and_no_connection_ends(self, world: World) -> None:
        # given
        host = await world.host("cart")
        await world.show(cart(host), certificate=make_certificate(world.folder, "localhost"))
        before = ssl.create_default_context(cafile=world.folder / "localhost.pem")
        async with world.connection(before, "localhost") as (reader, writer):
            # when
            await world.show(cart(host), certificate=make_certificate(world.folder, "localhost"))
            after = ssl.create_default_context(cafile=world.folder / "localhost.pem")
            # then
            async with world.connection(after, "localhost"):
                writer.write(request("/cart"))
                assert (await read_answer(reader)).status == 200

    async def test_unknown_name_without_a_certificate_of_our_own_gets_none(
        self, world: World
    ) -> None:
        shop = make_certificate(world.folder, "shop.example")
        await world.show(domains=(Domain("shop.example", "acme", shop),))
        context = ssl.create_default_context(cafile=world.folder / "shop.example.pem")
        with pytest.raises((ssl.SSLError, ConnectionError)):
            async with world.connection(context, "other.example"):
                pass


@pytest.mark.parametrize(
    ("method", "attempts"),
    [("POST", 1), ("PATCH", 1), ("GET", 2), ("HEAD", 2), ("PUT", 2), ("DELETE", 2), ("OPTIONS", 2)],
)
async def test_only_what_may_be_repeated_is(world: World, method: str, attempts: int) -> None:
    """A host that leaves without an answer may have done what it was asked."""
    # given
    host = await world.host("cart")

    def leaves_the_first_time(head: bytes) -> bytes:
        if len(host.seen) == 1:
            raise ConnectionError
        return ok(b"" if method == "HEAD" else head)

    host.answer = leaves_the_first_time
    await world.show(cart(host))
    # when
    answer = await world.get("/cart", method)
    # then
    assert (answer.status, len(host.seen)) == (200 if attempts == 2 else 503, attempts)


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_request_waits_for_a_host_that_is_just_starting(world: World, method: str) -> None:
    # given
    host = await world.host("cart")
    await world.show(cart(host))
    await host.stop()
    # when
    asked = asyncio.create_task(world.get("/cart", method))

    async def tried_in_vain() -> bool:
        return (await world.statistics()).get("cluster.cart.v1.Cart.upstream_rq_retry", 0) >= 4

    assert await eventually(tried_in_vain)
    await host.start()
    # then
    assert (await asked).status == 200


async def test_host_that_leaves_gets_nothing_new(world: World) -> None:
    # given
    staying, leaving = await world.host("staying"), await world.host("leaving")
    await world.show(cart(staying, leaving))
    # when
    gone = msgspec.structs.replace(leaving.endpoint, draining=True)
    await world.show(msgspec.structs.replace(cart(), endpoints=(staying.endpoint, gone)))
    leaving.seen.clear()
    for _ in range(50):
        assert (await world.get("/cart")).status == 200
    # then
    assert leaving.seen == []


async def test_host_that_leaves_right_after_another_gets_nothing_new_either(world: World) -> None:
    # given
    hosts = [await world.host("one"), await world.host("two")]
    for number in range(4):
        staying, leaving = hosts[number % 2], hosts[(number + 1) % 2]
        gone = msgspec.structs.replace(leaving.endpoint, draining=True)
        # when
        await world.show(msgspec.structs.replace(cart(), endpoints=(staying.endpoint, gone)))

        async def all_from_there(name: str = staying.name) -> bool:
            return all([(await world.get("/cart")).headers["host-name"] == name for _ in range(8)])

        # then
        assert await eventually(all_from_there, 2.0)


async def test_when_all_hosts_leave_none_is_asked_any_more(world: World) -> None:
    """By default Envoy asks all of them as soon as half of them may not be asked."""
    # given
    host = await world.host("cart")
    await world.show(cart(host))
    # when
    gone = msgspec.structs.replace(host.endpoint, draining=True)
    await world.show(msgspec.structs.replace(cart(), endpoints=(gone,)))
    answers = [await world.get("/cart") for _ in range(4)]
    # then
    assert {(one.status, one.headers["retry-after"]) for one in answers} == {(503, "1")}
    assert host.seen == []


async def test_that_a_host_rests_is_known_to_all_at_once(world: World) -> None:
    """By default it waits up to a second for other changes, and requests go to the dead meanwhile."""
    # given
    dead, living = await world.host("dead"), await world.host("living")
    await world.show(cart(dead, living))
    # when
    await dead.stop()

    async def rested_again_and_again() -> bool:
        assert (await world.get("/cart")).status == 200
        return (await world.statistics()).get(RESTS, 0) >= 4

    assert await eventually(rested_again_and_again)
    # then
    counted = await world.statistics()
    assert counted["cluster_manager.cluster_updated"] >= 4
    assert counted.get("cluster_manager.cluster_updated_via_merge", 0) == 0


async def test_weights_share_requests_out(world: World) -> None:
    # given
    old, new = await world.host("old"), await world.host("new")
    weighted = (
        msgspec.structs.replace(old.endpoint, weight=90),
        msgspec.structs.replace(new.endpoint, weight=10),
    )
    await world.show(msgspec.structs.replace(cart(), endpoints=weighted))
    # when
    async with world.connection() as (reader, writer):
        for _ in range(500):
            writer.write(request("/cart"))
            await read_answer(reader)
    # then
    assert 20 <= len(new.seen) <= 90
