"""The gate believes the gateway one thing, whose domain was asked; for the rest it is an open door."""

import stat
import time
from pathlib import Path

import pytest

from hanse.runtime.config.secret import Secret
from hanse.runtime.credentials.api_key import KeyMint
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.identity.principal import Principal
from hanse.runtime.remote.frames import LINK_PATH
from hanse.runtime.server.tests.test_trust import INTERNAL, NOBODY, bearer, context
from hanse.runtime.server.tests.wire import connect, get, post

ACME = "Hanse-Site: acme"
UPGRADE = ("Connection: Upgrade", "Upgrade: hanse-link")
PEPPER = Secret("p" * 32)


@pytest.fixture
def issuer(tmp_path) -> DevelopmentIssuer:
    return DevelopmentIssuer(tmp_path / "identity", time.time)


@pytest.fixture
def keys() -> dict[str, tuple[str, object]]:
    """An API key without a site, and one of each of two sites."""
    mint = KeyMint(PEPPER)
    return {site: mint.mint(Principal("app", "till"), site=site) for site in ("", "acme", "other")}


@pytest.fixture
async def host(serve, tmp_path, issuer, keys):
    return await serve(
        gate=tmp_path / "desk.gate",
        socket=tmp_path / "desk.sock",
        issuers=(issuer.issuer(),),
        api_keys=tuple(stored for _, stored in keys.values()),
        pepper=PEPPER,
        site="home",
    )


@pytest.fixture
async def gate(host, tmp_path, connect_to):
    return await connect_to(tmp_path / "desk.gate")


async def site_of(peer, *headers: str) -> str:
    answer = await peer.ask(get("/desk/v1/who", *headers))
    assert answer.status == 200, answer
    return answer.json["site"]


# As any open door


async def test_a_context_is_not_believed(gate):
    for sent in (get("/desk/v1/who", context()), connect("Who", {}, context())):
        assert (await gate.ask(sent)).json == NOBODY | {"site": "home"}
    assert (await gate.ask(post("/desk/v1/secrets", {}, context()))).status == 401


@pytest.mark.parametrize("sent", INTERNAL)
async def test_an_internal_method_is_not_there(gate, gates, issuer, sent):
    service = bearer(issuer.mint("service", "shop.v1.Cart")).encode()
    signed_in = sent.replace(b"Host: desk\r\n", b"Host: desk\r\n" + service + b"\r\n", 1)
    at_a_domain = sent.replace(b"Host: desk\r\n", b"Host: desk\r\nHanse-Site: acme\r\n", 1)
    for one in (sent, signed_in, at_a_domain):
        assert (await gate.ask(one)).status in {404, 501}
    assert gates.begun == []


@pytest.mark.parametrize("headers", [UPGRADE, (*UPGRADE, ACME), (*UPGRADE, context())])
async def test_no_link_begins(gate, host, headers):
    answer = await gate.ask(get(LINK_PATH, *headers))
    assert answer.status == 404
    assert answer.headers.get("upgrade") is None


async def test_measurements_are_not_there(gate):
    assert (await gate.ask(get("/metrics", ACME))).status == 404


async def test_the_outside_has_no_trace_recorded(serve, tmp_path, connect_to):
    host = await serve(gate=tmp_path / "few.gate", traces_per_second=0.000001)
    peer = await connect_to(tmp_path / "few.gate")
    host.spans.drain()
    for _ in range(20):
        trace = f"Traceparent: 00-{'4b' * 16}-00f067aa0ba902b7-01"
        assert (await peer.ask(get("/desk/v1/who", trace))).status == 200
    assert len(host.spans.drain()) <= 1


async def test_only_this_user_opens_it(host, tmp_path):
    assert stat.S_IMODE((tmp_path / "desk.gate").stat().st_mode) == 0o600


async def test_pages_and_streams_are_answered_there(gate):
    assert (await gate.ask(get("/pages/any"))).body == b"<p>page</p>"
    assert b"event: end" in (await gate.ask(get("/desk/v1/ticks"))).body


async def test_its_path_may_be_relative_to_the_working_folder(
    serve, tmp_path, monkeypatch, connect_to
):
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    monkeypatch.chdir(deep)
    await serve(port=None, gate=Path("a.gate"))
    peer = await connect_to("a.gate")
    assert await site_of(peer) == "default"


# The trace of an answer

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
GIVEN = f"Traceparent: 00-{TRACE}-{SPAN}-00"
ANSWERS = {
    "200": get("/desk/v1/who", GIVEN),
    "204": get("/desk/v1/names/ada", GIVEN, verb="DELETE"),
    "304": get("/desk/v1/names/ada", GIVEN, "If-None-Match: *"),
    "HEAD": get("/desk/v1/who", GIVEN, verb="HEAD"),
    "HTTP/1.0": get("/desk/v1/who", GIVEN).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "large": get("/desk/v1/large?kilobytes=64", GIVEN, "Accept-Encoding: gzip"),
    "Connect": connect("Echo", {"text": "a"}, GIVEN),
    "page": get("/pages/any", GIVEN),
    "stream": get("/desk/v1/ticks", GIVEN),
    "invalid": get("/desk/v1/search?limit=1000", GIVEN),
    "invalid stream": get("/desk/v1/ticks?count=x", GIVEN),
    "not allowed": get("/desk/v1/me", GIVEN),
    "failed": post("/desk/v1/failures/raise", b"", GIVEN),
    "failed, Connect": connect("Fail", {"how": "raise"}, GIVEN),
    "failed page": get("/pages/broken", GIVEN),
}


@pytest.mark.parametrize("name", ANSWERS)
async def test_every_answer_of_a_call_names_its_trace(gate, name):
    answer = await gate.ask(ANSWERS[name])

    version, trace, span, flags = answer.headers["traceresponse"].split("-")
    assert (version, trace, len(span), len(flags)) == ("00", TRACE, 16, 2)


async def test_it_names_the_span_that_is_recorded(gate, host):
    answer = await gate.ask(get("/desk/v1/who"))

    [span] = [one for one in host.spans.drain() if one.name.endswith("/Who")]
    assert answer.headers["traceresponse"] == f"00-{span.trace_id}-{span.span_id}-01"


async def test_answers_sent_ahead_for_name_one_trace_each(gate):
    for _ in range(20):
        gate.write(get("/desk/v1/who"))
    named = {(await gate.answer()).headers["traceresponse"] for _ in range(20)}
    assert len(named) == 20


async def test_other_doors_spare_themselves_that(host, tmp_path, connect_to):
    for target in (host, tmp_path / "desk.sock"):
        peer = await connect_to(target)
        for sent in (get("/desk/v1/who", GIVEN), get("/desk/v1/me", GIVEN)):
            assert "traceresponse" not in (await peer.ask(sent)).headers


# Whose domain


async def test_a_visitor_of_a_domain_is_of_its_site(gate):
    assert await site_of(gate, ACME) == "acme"
    assert await site_of(gate, ACME, "Accept-Language: de") == "acme"
    assert await site_of(gate) == "home"  # and the next without the header is not


async def test_credentials_without_a_site_are_of_the_domains_there(gate, issuer, keys):
    for shown in (bearer(issuer.mint("member", "ada")), bearer(keys[""][0])):
        for _ in range(2):  # verified, and then known
            assert await site_of(gate, shown, ACME) == "acme"
            assert await site_of(gate, shown, "Hanse-Site: b") == "b"
            assert await site_of(gate, shown) == "home"


async def test_credentials_of_the_domains_site_count_there(gate, issuer, keys):
    token = bearer(issuer.mint("member", "ada", site="acme"))
    for shown in (token, bearer(keys["acme"][0])):
        for _ in range(2):
            assert await site_of(gate, shown, ACME) == "acme"
            assert await site_of(gate, shown) == "acme"


async def test_credentials_of_another_site_are_refused_there(gate, gates, issuer, keys):
    token = bearer(issuer.mint("member", "ada", site="other"))
    for shown in (token, bearer(keys["other"][0])):
        for _ in range(2):
            for sent in (
                get("/desk/v1/who", shown, ACME),
                post("/desk/v1/echo", {"text": "a"}, shown, ACME),
                connect("Echo", {"text": "a"}, shown, ACME),
            ):
                answer = await gate.ask(sent)
                assert (answer.status, answer.code) == (403, "permission_denied")
                assert b"other" not in answer.body.replace(b"another", b"")
            assert await site_of(gate, shown) == "other"
    assert gates.begun == []


async def test_bad_credentials_are_no_visitors_at_a_domain_either(gate, issuer):
    answer = await gate.ask(get("/desk/v1/who", bearer(issuer.mint("member", "ada")[:-9]), ACME))
    assert answer.status == 401


MALFORMED = ["", " ", "a b", "a, b", "a\tb", "\xe4cme", "x" * 201]


@pytest.mark.parametrize("value", MALFORMED)
async def test_a_header_that_names_no_site_is_refused(gate, gates, issuer, value):
    token = bearer(issuer.mint("member", "ada"))
    for more in ("", f"{token}\r\n"):
        for path in ("/desk/v1/who", "/pages/any"):
            head = f"GET {path} HTTP/1.1\r\nHost: desk\r\n{more}Hanse-Site: {value}\r\n\r\n"
            assert (await gate.ask(head.encode("latin-1"))).status == 400
    assert gates.begun == []


async def test_two_sites_are_none(gate):
    assert (await gate.ask(get("/desk/v1/who", ACME, "hanse-site: other"))).status == 400
    assert (await gate.ask(get("/desk/v1/who", ACME, ACME))).status == 400


@pytest.mark.parametrize("value", ["acme", *MALFORMED])
async def test_on_other_doors_the_header_says_nothing(host, tmp_path, connect_to, issuer, value):
    for target in (host, tmp_path / "desk.sock"):
        for more in ("", f"{bearer(issuer.mint('member', 'ada'))}\r\n"):
            head = f"GET /desk/v1/who HTTP/1.1\r\nHost: desk\r\n{more}Hanse-Site: {value}\r\n\r\n"
            answer = await (await connect_to(target)).ask(head.encode("latin-1"))
            assert answer.json["site"] == "home"


async def test_beside_a_context_between_hosts_it_says_nothing(host, tmp_path, connect_to):
    inside = await connect_to(tmp_path / "desk.sock")
    assert await site_of(inside, context({"site": "b"}), ACME) == "b"
