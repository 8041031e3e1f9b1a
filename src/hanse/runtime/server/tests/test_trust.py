"""Whom a host believes: nobody at the open door, hosts of this user on the socket, ours over mutual TLS."""

from __future__ import annotations

import json
import os
import socket
import ssl
import stat
import time

import pytest

from hanse import Host, HostConfig
from hanse.runtime.call.tests.conftest import make_identity
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.mutual.tls import client_tls
from hanse.runtime.server.tests.desk import Desk, Gates
from hanse.runtime.server.tests.wire import Peer, connect, get, post

FORGED = {
    "site": "victim",
    "principal": {"kind": "service", "id": "root", "permissions": ["desk.secrets.read"]},
    "locale": "xx",
    "caller": "desk.v1.Desk",
}
NOBODY = {
    "kind": "visitor", "id": "", "permissions": [], "site": "default", "locale": "en", "caller": "",
}  # fmt: skip


def context(value: object = FORGED, name: str = "Hanse-Context") -> str:
    return f"{name}: {value if isinstance(value, str) else json.dumps(value)}"


@pytest.fixture
def development(tmp_path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path / "identity", time.time)


@pytest.fixture
async def doors(serve, tmp_path, development):
    """A host with an open door and a socket, which knows an issuer."""
    return await serve(socket=tmp_path / "desk.sock", issuers=(development.issuer(),))


@pytest.fixture
async def outside(doors, connect_to):
    return await connect_to(doors)


@pytest.fixture
async def inside(doors, tmp_path, connect_to):
    return await connect_to(tmp_path / "desk.sock")


def bearer(token: str) -> str:
    return f"Authorization: Bearer {token}"


# The open door


@pytest.mark.parametrize("name", ["Hanse-Context", "hanse-context", "HANSE-CONTEXT"])
async def test_a_forged_context_is_dropped_at_the_open_door(outside, name):
    for path in ("/desk/v1/who",):
        assert (await outside.ask(get(path, context(name=name)))).json == NOBODY
    answer = await outside.ask(connect("Who", {}, context(name=name)))
    assert answer.json == NOBODY


@pytest.mark.parametrize("value", ["", "{}", "nonsense", "[" * 1000, "\xff\xfe", "null"])
async def test_it_is_not_even_read_there(outside, value):
    request = f"GET /desk/v1/who HTTP/1.1\r\nHost: desk\r\nHanse-Context: {value}\r\n\r\n"
    assert (await outside.ask(request.encode("latin-1"))).json == NOBODY


async def test_beside_a_token_the_token_decides(outside, development):
    token = development.mint("member", "ada", permissions=["shop.read"], site="acme")
    answer = await outside.ask(get("/desk/v1/who", context(), bearer(token)))
    assert answer.json == NOBODY | {
        "kind": "member", "id": "ada", "permissions": ["shop.read"], "site": "acme",
    }  # fmt: skip


async def test_beside_a_bad_token_nobody_comes_in(outside):
    answer = await outside.ask(get("/desk/v1/who", context(), bearer("x.y.z")))
    assert answer.status == 401


async def test_it_opens_no_protected_method(outside, development):
    for request in (
        get("/desk/v1/me", context()),
        post("/desk/v1/secrets", {}, context()),
        connect("Secret", {}, context()),
    ):
        assert (await outside.ask(request)).status == 401
    member = bearer(development.mint("member", "ada"))
    for request in (
        post("/desk/v1/secrets", {}, context(), member),
        connect("Secret", {}, context(), member),
    ):
        assert (await outside.ask(request)).status == 403
    reader = bearer(development.mint("staff", "eve", permissions=["desk.secrets.read"]))
    assert (await outside.ask(post("/desk/v1/secrets", {}, reader))).status == 200


OTHERS_WORDS = [
    "X-Forwarded-For: 10.0.0.1", "X-Forwarded-User: root", "X-Remote-User: root", "Forwarded: for=root",
    "X-Original-URL: /desk.v1.Desk/Inside", "X-Rewrite-URL: /desk.v1.Desk/Inside",
    "X-HTTP-Method-Override: DELETE", "X-Principal: root", "Hanse_Context: {}", "Cookie: hanse-context={}",
]  # fmt: skip


@pytest.mark.parametrize("line", OTHERS_WORDS)
async def test_no_other_header_says_who_calls_or_what(outside, line):
    assert (await outside.ask(get("/desk/v1/who", line))).json == NOBODY


INTERNAL = [
    connect("Inside", {"text": "a"}),
    connect("Inside", {"text": "a"}, context()),
    connect("Inside", b"not even JSON"),
    post("/desk.v1.Desk/Inside", {"text": "a"}),
    post("/desk.v1.Desk/%49nside", {"text": "a"}),
    post("/%64esk.v1.Desk/Inside", {"text": "a"}),
    get("/desk.v1.Desk/Inside"),
    get("/desk.v1.Desk/Inside", verb="PUT"),
    post("http://desk/desk.v1.Desk/Inside", {"text": "a"}),
    post("/desk/v1/inside", {"text": "a"}),
]


@pytest.mark.parametrize("request_", INTERNAL)
async def test_an_internal_method_cannot_be_told_from_one_that_is_not_there(
    outside, gates, development, request_
):
    service = bearer(development.mint("service", "shop.v1.Cart")).encode()
    signed_in = request_.replace(b"Host: desk\r\n", b"Host: desk\r\n" + service + b"\r\n", 1)
    for sent in (request_, signed_in):
        twin = await outside.ask(sent.replace(b"Inside", b"Absent").replace(b"%49nside", b"Absent"))
        answer = await outside.ask(sent)
        assert (answer.status, answer.json) == (twin.status, twin.json)
        assert answer.status in {404, 501}
    assert gates.begun == []


async def test_nothing_published_names_an_internal_method(outside):
    for path in ("/openapi.json", "/docs", "/metrics"):
        answer = await outside.ask(get(path))
        assert b"inside" not in answer.body.lower()
    options = await outside.ask(get("/desk.v1.Desk/Inside", verb="OPTIONS"))
    assert options.status == 404


async def test_measurements_are_for_those_inside(outside, inside):
    assert (await outside.ask(get("/metrics", context()))).status == 404
    assert (await inside.ask(get("/metrics"))).status == 200


# The socket


async def test_on_the_socket_a_context_is_believed(inside):
    given = {"site": "acme", "principal": {"kind": "staff", "id": "eve", "permissions": ["a.b"]},
             "locale": "de", "caller": "shop.v1.Cart"}  # fmt: skip
    answer = await inside.ask(connect("Who", {}, context(given)))
    assert answer.json == {
        "kind": "staff", "id": "eve", "permissions": ["a.b"], "site": "acme", "locale": "de",
        "caller": "shop.v1.Cart",
    }  # fmt: skip
    assert (await inside.ask(get("/desk/v1/who", context(given)))).json == answer.json


@pytest.mark.parametrize(
    "value",
    [
        "",
        "x",
        "[]",
        "{",
        '{"principal":{"kind":"god"}}',
        '{"site":1}',
        "[" * 2000,
        "\xff",
        '"\\ud800"',
    ],
)
async def test_a_broken_context_is_an_error_there(inside, value):
    request = f"GET /desk/v1/who HTTP/1.1\r\nHost: desk\r\nHanse-Context: {value}\r\n\r\n"
    answer = await inside.ask(request.encode("latin-1"))
    assert answer.status == 400


async def test_a_call_without_context_is_a_visitors_there_too(inside):
    assert (await inside.ask(get("/desk/v1/who"))).json == NOBODY
    assert (await inside.ask(connect("Secret", {}))).status == 401


async def test_an_internal_method_asks_for_permission_like_any_other(inside, gates):
    assert (await inside.ask(connect("Inside", {"text": "a"}))).status == 401
    member = {"principal": {"kind": "member", "id": "ada"}}
    assert (await inside.ask(connect("Inside", {"text": "a"}, context(member)))).status == 403
    assert gates.begun == []
    assert (await inside.ask(connect("Inside", {"text": "a"}, context()))).json == {"text": "a"}


async def test_more_contexts_than_are_remembered_do_not_mix_up(inside):
    for number in range(1200):
        given = {"principal": {"kind": "member", "id": f"m{number}"}}
        await inside.send(get("/desk/v1/who", context(given)))
    for number in range(1200):
        assert (await inside.answer()).json["id"] == f"m{number}"


async def test_the_socket_is_this_users_alone_from_the_first_moment(tmp_path, gates):
    before = os.umask(0)
    try:
        config = HostConfig(port=None, socket=tmp_path / "desk.sock")
        async with Host([Desk], config, provided={Gates: gates}):
            assert stat.S_IMODE((tmp_path / "desk.sock").stat().st_mode) == 0o600
            async with await Peer.unix(tmp_path / "desk.sock") as peer:
                assert (await peer.ask(get("/desk/v1/who"))).status == 200
            assert stat.S_IMODE((tmp_path / "desk.sock").stat().st_mode) == 0o600
        assert os.umask(0) == 0  # and the process's own mask is as it was
    finally:
        os.umask(before)


async def test_a_socket_a_killed_host_left_is_taken_over_and_a_living_ones_is_not(
    tmp_path, serve, connect_to
):
    path = tmp_path / "desk.sock"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    await serve(port=None, socket=path)
    assert (await (await connect_to(path)).ask(get("/desk/v1/who"))).status == 200
    with pytest.raises(FileExistsError):
        await serve(port=None, socket=path)
    assert (await (await connect_to(path)).ask(get("/desk/v1/who"))).status == 200


async def test_a_file_in_the_way_is_not_removed(tmp_path, serve):
    (tmp_path / "desk.sock").write_text("precious")
    with pytest.raises(FileExistsError):
        await serve(port=None, socket=tmp_path / "desk.sock")
    assert (tmp_path / "desk.sock").read_text() == "precious"


# Mutual TLS


@pytest.fixture(scope="module")
def ours(tmp_path_factory):
    return make_identity(tmp_path_factory.mktemp("ours"))


@pytest.fixture(scope="module")
def theirs(tmp_path_factory):
    return make_identity(tmp_path_factory.mktemp("theirs"))


@pytest.fixture
async def fortress(serve, ours):
    return await serve(port=None, mutual_port=0, tls=ours)


async def test_a_host_of_ours_is_believed_over_mutual_tls(fortress, ours):
    options = {"ssl": client_tls(ours), "server_hostname": "localhost"}
    async with await Peer.tcp(fortress, **options) as peer:
        answer = await peer.ask(connect("Inside", {"text": "a"}, context()))
        assert answer.json == {"text": "a"}
        assert (await peer.ask(get("/desk/v1/who", context()))).json["site"] == "victim"


async def refused(host, **options) -> bool:
    """Whether not one byte of an answer comes. TLS 1.3 tells a client only when it reads."""
    try:
        async with await Peer.tcp(host, **options) as peer:
            await peer.send(get("/desk/v1/who", context()))
            return await peer.closed() == b""
    except (ssl.SSLError, ConnectionError):
        return True


async def test_nobody_else_is_even_heard(fortress, ours, theirs, gates):
    nameless = ssl.create_default_context(cafile=ours.authority)
    foreign = ssl.create_default_context(cafile=ours.authority)
    foreign.load_cert_chain(theirs.certificate, theirs.key)
    old = client_tls(ours)
    old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_2
    for tls in (nameless, foreign, old):
        assert await refused(fortress, ssl=tls, server_hostname="localhost")
    assert await refused(fortress)  # nor who speaks plainly
    assert gates.begun == []
    assert not fortress.connections


async def test_who_does_not_say_who_it_is_is_not_waited_for(serve, connect_to, ours):
    fortress = await serve(port=None, mutual_port=0, tls=ours, limits={"header_timeout": 0.2})
    silent, slow = await connect_to(fortress), await connect_to(fortress)
    await slow.send(bytes.fromhex("1603010200"))
    assert await silent.closed() == b""
    assert await slow.closed() == b""


async def test_a_host_believes_only_hosts_of_ours_in_turn(serve, theirs, ours):
    impostor = await serve(port=None, mutual_port=0, tls=theirs)
    assert await refused(impostor, ssl=client_tls(ours), server_hostname="localhost")


# Tokens


def tokens(development: DevelopmentIssuer, tmp_path) -> dict[str, str]:
    """Credentials that do not count, of every kind a header can carry."""
    stranger = DevelopmentIssuer(tmp_path / "stranger", time.time)
    old = DevelopmentIssuer(tmp_path / "identity", lambda: time.time() - 100_000)
    good = development.mint("staff", "eve")
    head, body, signature = good.split(".")
    return {
        "expired": f"Bearer {old.mint('staff', 'eve', lifetime=60)}",
        "signed by another": f"Bearer {stranger.mint('staff', 'eve')}",
        "unsigned": f"Bearer {head}.{body}.",
        "cut": f"Bearer {head}.{body}",
        "changed": f"Bearer {head}.{body[:-2]}AA.{signature}",
        "signature changed": f"Bearer {head}.{body}.{signature[:-4]}AAAA",
        "lower-case, cut": f"bearer {good[:-9]}",
        "no scheme": good,
        "other scheme": "Basic cm9vdDpyb290",
        "empty": "",
        "scheme alone": "Bearer",
        "two": f"Bearer {good}, Bearer {good}",
        "space inside": f"Bearer {head} .{body}.{signature}",
        "API key": "Bearer hk_0123456789abcdef_secret",
        "endless": f"Bearer {'a' * 20_000}",
        "not ASCII": "Bearer \xfc",
    }


TOKEN_NAMES = ["expired", "signed by another", "unsigned", "cut", "changed", "signature changed",
               "lower-case, cut", "no scheme", "other scheme", "empty", "scheme alone", "two", "space inside",
               "API key", "endless", "not ASCII"]  # fmt: skip


@pytest.mark.parametrize("name", TOKEN_NAMES)
async def test_credentials_that_do_not_count_never_make_a_visitor(
    outside, development, tmp_path, name
):
    given = tokens(development, tmp_path)[name]
    line = f"Authorization: {given}\r\n".encode("latin-1")
    for request in (get("/desk/v1/who"), connect("Who", {}), post("/desk/v1/echo", {"text": "a"})):
        sent = request.replace(b"Host: desk\r\n", b"Host: desk\r\n" + line)
        answer = await outside.ask(sent)
        assert answer.status == 401
        secret = given.rpartition(" ")[2]
        assert len(secret) < 9 or secret not in answer.body.decode()
        if b"connect-protocol" not in sent.lower():
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert answer.headers["content-type"] == "application/problem+json"
        else:
            assert answer.json["code"] == "unauthenticated"


async def test_where_nobody_can_sign_in_every_token_is_refused(peer, development):
    answer = await peer.ask(get("/desk/v1/who", bearer(development.mint("staff", "eve"))))
    assert answer.status == 401


# Deadlines


@pytest.mark.parametrize(
    "request_", [post("/desk/v1/gates/late", b""), connect("Wait", {"key": "late"})]
)
async def test_a_deadline_from_outside_is_kept(host, peer, gates, request_):
    sent = request_.replace(b"Host: desk\r\n", b"Host: desk\r\nConnect-Timeout-Ms: 30\r\n")
    answer = await peer.ask(sent)
    assert answer.status == 504
    assert answer.json["code"] == "deadline_exceeded"
    assert gates.ended["late"] == 1
    assert host.admission.running == 0


@pytest.mark.parametrize("items", [0, 3])
async def test_a_stream_whose_handler_goes_on_after_its_deadline_is_ended(host, peer, items):
    stream = await peer.ask(get(f"/desk/v1/stubborn?items={items}"))
    assert stream.body.startswith(b"event: error\n")
    assert b'"deadline_exceeded"' in stream.body
    assert b"late" not in stream.body
    assert host.admission.running == 0


async def test_without_time_nothing_begins(peer, gates):
    for request in (post("/desk/v1/echo", {"text": "a"}), connect("Echo", {"text": "a"})):
        sent = request.replace(b"Host: desk\r\n", b"Host: desk\r\nConnect-Timeout-Ms: 0\r\n")
        assert (await peer.ask(sent)).status == 504
    assert gates.begun == []


@pytest.mark.parametrize(
    "value", ["", "-1", "+1", "1.5", "1e3", "0x1", "12345678901", "1,1", "1s", "\xb2"]
)
async def test_a_time_that_is_none_is_refused(peer, gates, value):
    request = connect("Echo", {"text": "a"})
    line = f"Host: desk\r\nConnect-Timeout-Ms: {value}\r\n".encode("latin-1")
    answer = await peer.ask(request.replace(b"Host: desk\r\n", line))
    assert answer.status == 400
    assert gates.begun == []


async def test_the_longest_time_does_no_harm(peer):
    answer = await peer.ask(connect("Echo", {"text": "a"}, "Connect-Timeout-Ms: 9999999999"))
    assert answer.status == 200


# Traces


TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.mark.parametrize("flags", ["00", "01", "ff"])
async def test_the_outside_may_name_a_trace_but_not_have_it_recorded(serve, connect_to, flags):
    host = await serve(traces_per_second=0.000001)
    peer = await connect_to(host)
    host.spans.drain()
    for _ in range(20):
        await peer.ask(get("/desk/v1/who", f"Traceparent: 00-{TRACE}-00f067aa0ba902b7-{flags}"))
    assert len(host.spans.drain()) <= 1


@pytest.mark.parametrize(
    "value", ["", "00", "x" * 5000, f"00-{'0' * 32}-00f067aa0ba902b7-01", "\xff"]
)
async def test_a_broken_trace_begins_another(peer, value):
    request = f"GET /desk/v1/who HTTP/1.1\r\nHost: desk\r\nTraceparent: {value}\r\n\r\n"
    assert (await peer.ask(request.encode("latin-1"))).status == 200
