"""Requests that two parties could read as two different ones: one answer, and the connection ends.

Shapes: PortSwigger's list of request-smuggling techniques, RFC 9112 sections 2.2, 3, 5, 6, 7 and 11.2.
Each carries a second request behind it; that one must never be answered.
"""

from __future__ import annotations

import asyncio

import pytest

from hanse.runtime.server.tests.wire import PATIENCE, get, post

BODY = b'{"text":"a"}'
HEAD = b"POST /desk/v1/echo HTTP/1.1\r\nHost: desk\r\nContent-Type: application/json\r\n"
WHO = b"GET /desk/v1/who HTTP/1.1\r\n"
HIDDEN = b"POST /desk/v1/gates/smuggled HTTP/1.1\r\nHost: desk\r\n\r\n"
CHUNKS = b"c\r\n" + BODY + b"\r\n0\r\n\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"


def framed(*lines: bytes, body: bytes = BODY) -> bytes:
    return HEAD + b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def chunks(body: bytes) -> bytes:
    return HEAD + CHUNKED + b"\r\n" + body


LENGTHS = {
    "twice the same": b"Content-Length: 12\r\nContent-Length: 12",
    "twice different": b"Content-Length: 12\r\nContent-Length: 13",
    "list of the same": b"Content-Length: 12, 12",
    "list without space": b"Content-Length: 12,12",
    "plus": b"Content-Length: +12",
    "minus": b"Content-Length: -12",
    "minus nothing": b"Content-Length: -0",
    "hexadecimal": b"Content-Length: 0xc",
    "exponent": b"Content-Length: 1e1",
    "underscore": b"Content-Length: 1_2",
    "space inside": b"Content-Length: 1 2",
    "vertical tab": b"Content-Length: 12\x0b",
    "parameter": b"Content-Length: 12;a",
    "fraction": b"Content-Length: 12.0",
    "other digits": b"Content-Length: \xd9\xa1\xd9\xa2",
    "quoted": b'Content-Length: "12"',
    "empty": b"Content-Length:",
    "blank": b"Content-Length:  ",
    "over 64 bits": b"Content-Length: 18446744073709551628",
    "endless": b"Content-Length: " + b"9" * 400,
    "space before colon": b"Content-Length : 12",
    "tab before colon": b"Content-Length\t: 12",
    "folded": b"Content-Length:\r\n 12",
    "NUL": b"Content-Length: 12\0",
    "bare CR": b"Content-Length: 12\rX: y",
    "bare LF before": b"X: y\nContent-Length: 12",
}

ENCODINGS = {
    "CL.TE": b"Content-Length: 12\r\nTransfer-Encoding: chunked",
    "TE.CL": b"Transfer-Encoding: chunked\r\nContent-Length: 4",
    "CL.TE zero": b"Content-Length: 0\r\nTransfer-Encoding: chunked",
    "unknown": b"Transfer-Encoding: xchunked",
    "space before colon": b"Transfer-Encoding : chunked",
    "vertical tab": b"Transfer-Encoding:\x0bchunked",
    "form feed": b"Transfer-Encoding: \x0cchunked",
    "bare LF before": b"X: X\nTransfer-Encoding: chunked",
    "bare CR before": b"X: X\rTransfer-Encoding: chunked",
    "bare CR after": b"Transfer-Encoding: chunked\rX: y",
    "name folded": b"Transfer-Encoding\r\n : chunked",
    "value folded": b"Transfer-Encoding:\r\n chunked",
    "twice, unknown last": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: x",
    "twice, unknown first": b"Transfer-Encoding: x\r\nTransfer-Encoding: chunked",
    "twice the same": b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked",
    "chunked not last": b"Transfer-Encoding: chunked, identity",
    "chunked last": b"Transfer-Encoding: identity, chunked",
    "gzip before": b"Transfer-Encoding: gzip, chunked",
    "identity": b"Transfer-Encoding: identity",
    "chunked twice": b"Transfer-Encoding: chunked, chunked",
    "comma after": b"Transfer-Encoding: chunked,",
    "comma before": b"Transfer-Encoding: ,chunked",
    "parameter": b"Transfer-Encoding: chunked;q=1",
    "quoted": b'Transfer-Encoding: "chunked"',
    "single quoted": b"Transfer-Encoding: 'chunked'",
    "NUL before": b"Transfer-Encoding: \0chunked",
    "NUL after": b"Transfer-Encoding: chunked\0",
    "NUL in name": b"Transfer-\0Encoding: chunked",
    "line begins with space": b" Transfer-Encoding: chunked",
    "empty": b"Transfer-Encoding:",
    "no break space": b"Transfer-Encoding:\xa0chunked",
    "other letters": b"Transfer-Encoding: chun\xe2\x84\xaaed",
}

CHUNK_BODIES = {
    "junk after size": b"cz\r\n" + BODY + b"\r\n0\r\n\r\n",
    "negative": b"-c\r\n" + BODY + b"\r\n0\r\n\r\n",
    "plus": b"+c\r\n" + BODY + b"\r\n0\r\n\r\n",
    "0x": b"0xc\r\n" + BODY + b"\r\n0\r\n\r\n",
    "underscore": b"0_c\r\n" + BODY + b"\r\n0\r\n\r\n",
    "overflow": b"ffffffffffffffff0\r\n" + BODY + b"\r\n0\r\n\r\n",
    "overflow to 12": b"1000000000000000c\r\n" + BODY + b"\r\n0\r\n\r\n",
    "space after size": b"c \r\n" + BODY + b"\r\n0\r\n\r\n",
    "space before size": b" c\r\n" + BODY + b"\r\n0\r\n\r\n",
    "no size": b"\r\n" + BODY + b"\r\n0\r\n\r\n",
    "no CRLF after data": b"c\r\n" + BODY + b"0\r\n\r\n",
    "junk after data": b"c\r\n" + BODY + b"xx\r\n0\r\n\r\n",
    "LF after size": b"c\n" + BODY + b"\r\n0\r\n\r\n",
    "CR after size": b"c\r" + BODY + b"\r\n0\r\n\r\n",
    "LF after data": b"c\r\n" + BODY + b"\n0\r\n\r\n",
    "CR after data": b"c\r\n" + BODY + b"\r0\r\n\r\n",
    "LF in extension": b"c;\nxx\r\n" + BODY + b"\r\n0\r\n\r\n",
    "CR in extension": b"c;a\rxx\r\n" + BODY + b"\r\n0\r\n\r\n",
    "NUL in extension": b"c;a=\0\r\n" + BODY + b"\r\n0\r\n\r\n",
    "LF at the end": b"c\r\n" + BODY + b"\r\n0\n\n",
    "trailer says length": b"c\r\n" + BODY + b"\r\n0\r\nContent-Length: 50\r\n\r\n",
    "trailer says chunked": b"c\r\n" + BODY + b"\r\n0\r\nTransfer-Encoding: chunked\r\n\r\n",
    "trailer without colon": b"c\r\n" + BODY + b"\r\n0\r\nnothing\r\n\r\n",
}

LINES = {
    "bare LF throughout": b"GET /desk/v1/who HTTP/1.1\nHost: desk\n\n",
    "bare LF after line": b"GET /desk/v1/who HTTP/1.1\nHost: desk\r\n\r\n",
    "bare LF after header": WHO + b"Host: desk\n\r\n",
    "bare CR throughout": b"GET /desk/v1/who HTTP/1.1\rHost: desk\r\r",
    "bare CR in value": WHO + b"Host: desk\r\nX: a\rb\r\n\r\n",
    "NUL in value": WHO + b"Host: desk\r\nX: a\0b\r\n\r\n",
    "NUL in name": WHO + b"Host: desk\r\nX\0: a\r\n\r\n",
    "NUL in target": b"GET /desk/v1/who\0 HTTP/1.1\r\nHost: desk\r\n\r\n",
    "control in value": WHO + b"Host: desk\r\nX: a\x01b\r\n\r\n",
    "space before colon": WHO + b"Host : desk\r\n\r\n",
    "obs-fold": WHO + b"Host: desk\r\nX: a\r\n b\r\n\r\n",
    "obs-fold by tab": WHO + b"Host: desk\r\nX: a\r\n\tb\r\n\r\n",
    "first header indented": WHO + b" Host: desk\r\n\r\n",
    "no colon": WHO + b"Host: desk\r\nnothing\r\n\r\n",
    "no name": WHO + b"Host: desk\r\n: nothing\r\n\r\n",
    "tab after verb": b"GET\t/desk/v1/who HTTP/1.1\r\nHost: desk\r\n\r\n",
    "space after version": b"GET /desk/v1/who HTTP/1.1 \r\nHost: desk\r\n\r\n",
    "lower-case verb": b"get /desk/v1/who HTTP/1.1\r\nHost: desk\r\n\r\n",
    "unknown verb": b"GOT /desk/v1/who HTTP/1.1\r\nHost: desk\r\n\r\n",
    "lower-case version": b"GET /desk/v1/who http/1.1\r\nHost: desk\r\n\r\n",
    "HTTP/0.9 by number": b"GET /desk/v1/who HTTP/0.9\r\nHost: desk\r\n\r\n",
    "HTTP/0.9": b"GET /desk/v1/who\r\n\r\n",
    "HTTP/1.2": b"GET /desk/v1/who HTTP/1.2\r\nHost: desk\r\n\r\n",
    "HTTP/1.10": b"GET /desk/v1/who HTTP/1.10\r\nHost: desk\r\n\r\n",
    "HTTP/2.0": b"GET /desk/v1/who HTTP/2.0\r\nHost: desk\r\n\r\n",
    "HTTP/9.9": b"GET /desk/v1/who HTTP/9.9\r\nHost: desk\r\n\r\n",
    "HTTP/2 preface": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "TLS": bytes.fromhex("16030102000100010000030300"),
    "noise": b"\xff" * 100,
    "non-ASCII target": "GET /desk/v1/names/ü HTTP/1.1\r\nHost: desk\r\n\r\n".encode(),
    "fragment": b"GET /desk/v1/who#x HTTP/1.1\r\nHost: desk\r\n\r\n",
    "asterisk": b"GET * HTTP/1.1\r\nHost: desk\r\n\r\n",
    "authority": b"GET desk:80 HTTP/1.1\r\nHost: desk\r\n\r\n",
    "CONNECT": b"CONNECT desk:80 HTTP/1.1\r\nHost: desk\r\n\r\n",
    "other scheme": b"GET ftp://desk/desk/v1/who HTTP/1.1\r\nHost: desk\r\n\r\n",
    "other host": b"GET http://evil/desk/v1/who HTTP/1.1\r\nHost: desk\r\n\r\n",
    "user in target": b"GET http://a@desk/desk/v1/who HTTP/1.1\r\nHost: desk\r\n\r\n",
    "no host": WHO + b"\r\n",
    "host twice": WHO + b"Host: desk\r\nHost: desk\r\n\r\n",
    "two hosts": WHO + b"Host: desk\r\nHost: evil\r\n\r\n",
    "host with space": WHO + b"Host: de sk\r\n\r\n",
    "host with path": WHO + b"Host: desk/evil\r\n\r\n",
    "host with user": WHO + b"Host: evil@desk\r\n\r\n",
    "hosts in a list": WHO + b"Host: desk, evil:1/\r\n\r\n",
    "two tokens": WHO + b"Host: desk\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n",
    "two content types": HEAD + b"Content-Type: text/plain\r\nContent-Length: 12\r\n\r\n" + BODY,
    "two contexts": WHO + b"Host: desk\r\nHanse-Context: {}\r\nHanse-Context: {}\r\n\r\n",
    "chunked in HTTP/1.0": (HEAD + CHUNKED).replace(b"1.1", b"1.0") + b"\r\n" + CHUNKS,
    "body before another protocol": framed(
        b"Connection: Upgrade", b"Upgrade: h2c", b"Content-Length: 12"
    ),
}

REFUSED = (
    {f"length: {name}": framed(line) for name, line in LENGTHS.items()}
    | {f"encoding: {name}": framed(line, body=CHUNKS) for name, line in ENCODINGS.items()}
    | {f"chunk: {name}": chunks(body) for name, body in CHUNK_BODIES.items()}
    | {f"line: {name}": sent for name, sent in LINES.items()}
)


@pytest.mark.parametrize("name", REFUSED)
async def test_an_ambiguous_request_is_refused_once_and_the_connection_ends(peer, gates, name):
    # when it comes with another request hidden behind it
    await peer.send(REFUSED[name] + HIDDEN)
    answers = await peer.answers()
    # then one refusal comes, says why and that this is the end, and no handler has run
    assert [answer.status for answer in answers] == [400]
    assert answers[0].headers["connection"] == "close"
    assert answers[0].headers["content-type"] == "application/problem+json"
    assert answers[0].code == "malformed_request"
    assert answers[0].json["detail"]
    assert gates.begun == []


@pytest.mark.parametrize("name", REFUSED)
async def test_it_is_refused_just_so_behind_a_good_request_in_the_same_segment(peer, gates, name):
    await peer.send(framed(b"Content-Length: 12") + REFUSED[name] + HIDDEN)
    answers = await peer.answers()
    assert [answer.status for answer in answers] == [200, 400]
    assert gates.begun == ["a"]


GOOD = {
    "length": framed(b"Content-Length: 12"),
    "length with leading zeros": framed(b"Content-Length: 012"),
    "length between spaces": framed(b"Content-Length: \t 12 \t"),
    "chunked": chunks(CHUNKS),
    "chunked in capitals": framed(b"Transfer-Encoding: CHUNKED", body=CHUNKS),
    "chunked after tab": framed(b"Transfer-Encoding:\tchunked", body=CHUNKS),
    "chunked, space after": framed(b"Transfer-Encoding: chunked ", body=CHUNKS),
    "many chunks": chunks(b"".join(b"1\r\n%c\r\n" % one for one in BODY) + b"0\r\n\r\n"),
    "size with leading zeros": chunks(b"0000c\r\n" + BODY + b"\r\n000\r\n\r\n"),
    "extension": chunks(b'c;a=b;c="d"\r\n' + BODY + b"\r\n0;x\r\n\r\n"),
    "trailer": chunks(b"c\r\n" + BODY + b"\r\n0\r\nX-Sum: 1\r\n\r\n"),
    "trailer names a host": chunks(b"c\r\n" + BODY + b"\r\n0\r\nHost: evil\r\n\r\n"),
    "empty lines before": b"\r\n\r\n" + framed(b"Content-Length: 12"),
    "absolute target": framed(b"Content-Length: 12").replace(b" /desk", b" http://desk/desk", 1),
    "empty host": framed(b"Content-Length: 12").replace(b"Host: desk", b"Host:", 1),
    "IPv6 host": framed(b"Content-Length: 12").replace(b"Host: desk", b"Host: [::1]:80", 1),
}


@pytest.mark.parametrize("name", GOOD)
async def test_a_request_that_has_one_reading_is_answered_and_so_is_the_next(peer, gates, name):
    await peer.send(GOOD[name] + get("/desk/v1/names/next"))
    first, second = await peer.answer(), await peer.answer()
    assert (first.status, first.json) == (200, {"text": "a"})
    assert (second.status, second.json) == (200, {"text": "next"})
    assert gates.begun == ["a"]


@pytest.mark.parametrize("name", GOOD)
async def test_a_request_may_be_split_anywhere(serve, connect_to, gates, name):
    """Two segments, split at each byte, and once byte by byte: always the same one answer."""
    host, sent = await serve(), GOOD[name]
    for at in range(1, len(sent)):
        peer = await connect_to(host)
        for part in (sent[:at], sent[at:]):
            await peer.send(part)
            await asyncio.sleep(0)
        assert (await peer.answer()).json == {"text": "a"}, at
        await peer.close()
    peer = await connect_to(host)
    for byte in sent:
        await peer.send(bytes([byte]))
        await asyncio.sleep(0)
    assert (await peer.answer()).json == {"text": "a"}
    assert gates.begun == ["a"] * len(sent)


@pytest.mark.parametrize("name", REFUSED)
async def test_a_refusal_does_not_depend_on_how_the_bytes_arrive(peer, gates, name):
    for byte in REFUSED[name] + HIDDEN:
        await peer.send(bytes([byte]))
        await asyncio.sleep(0)
    assert [answer.status for answer in await peer.answers()] == [400]
    assert gates.begun == []


async def test_a_body_where_none_is_due_is_not_the_next_request(peer, gates):
    """CL.0: the length counts although GET has no use for a body."""
    body = HIDDEN
    await peer.send(get("/desk/v1/names/a", f"Content-Length: {len(body)}") + body)
    await peer.send(get("/desk/v1/names/b"))
    assert [(await peer.answer()).json for _ in range(2)] == [{"text": "a"}, {"text": "b"}]
    assert gates.begun == []


async def test_the_second_of_two_names_for_the_length_is_nobodys(peer, gates):
    """Some proxies take an underscore for a dash; here it is a header like any other."""
    await peer.send(framed(b"Transfer_Encoding: chunked", body=CHUNKS + HIDDEN))
    answers = await peer.answers()
    assert [answer.status for answer in answers] == [400, 400]  # no body, and then no request
    assert gates.begun == []


async def test_a_trailer_is_no_header(peer):
    trailer = b"c\r\n" + BODY + b"\r\n0\r\nAuthorization: Bearer x\r\nHanse-Context: {}\r\n\r\n"
    await peer.send(WHO + b"Host: desk\r\n" + CHUNKED + b"\r\n" + trailer)
    await peer.send(get("/desk/v1/who"))
    for _ in ("its own request", "the next one"):
        answer = await peer.answer()
        # a token that cannot be verified would be refused, so nobody looked at it
        assert (answer.status, answer.json["kind"]) == (200, "visitor")


@pytest.mark.parametrize("protocol", ["h2c", "websocket", "TLS/1.0", "HTTP/2.0"])
async def test_an_upgrade_is_ignored_and_nothing_after_it_is_read(peer, gates, protocol):
    upgrade = ("Connection: Upgrade, HTTP2-Settings", f"Upgrade: {protocol}", "HTTP2-Settings: AA")
    await peer.send(get("/desk/v1/names/a", *upgrade) + HIDDEN)
    answers = await peer.answers()
    assert [(answer.status, answer.headers["connection"]) for answer in answers] == [(200, "close")]
    assert gates.begun == []


async def test_connect_with_a_path_opens_no_tunnel(peer, gates):
    await peer.send(get("/desk/v1/who", verb="CONNECT") + HIDDEN)
    assert [answer.status for answer in await peer.answers()] == [405]
    assert gates.begun == []


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1\r\nHost: desk\r\nConnection: close",
        b"HTTP/1.0\r\nHost: desk",
        b"HTTP/1.0\r\nHost: desk\r\nConnection: keep-alive",
        b"HTTP/1.1\r\nHost: desk\r\nUpgrade: h2c",
    ],
    ids=["close", "old", "old, kept alive", "upgrade"],
)
async def test_nothing_is_answered_after_the_last_request_of_a_connection(
    peer, gates, head, caplog
):
    await peer.send(b"GET /desk/v1/names/a " + head + b"\r\n\r\n" + HIDDEN)
    answers = await peer.answers()
    assert [(answer.status, answer.headers["connection"]) for answer in answers] == [(200, "close")]
    assert gates.begun == []
    assert not caplog.records


async def test_what_comes_behind_the_last_answer_of_a_draining_host_is_not_begun(host, peer, gates):
    host.draining = True
    await peer.send(post("/desk/v1/echo", {"text": "a"}) + post("/desk/v1/echo", {"text": "b"}))
    answers = await peer.answers()
    assert [answer.json["text"] for answer in answers] == gates.begun


async def test_white_space_behind_a_value_is_no_part_of_it(peer):
    answer = await peer.ask(get("/desk/v1/who", "Accept-Language: de \t"))
    assert answer.json["locale"] == "de"
    answer = await peer.ask(get("/desk/v1/who", "Connect-Timeout-Ms: 500 "))
    assert answer.status == 200


async def test_half_a_request_line_of_the_first_http_is_waited_for_and_then_refused(
    serve, connect_to
):
    host = await serve(limits={"header_timeout": 0.2})
    peer = await connect_to(host)
    await peer.send(b"GET /desk/v1/who\r\n")
    assert [answer.status for answer in await peer.answers()] == [408]


async def test_the_refusal_arrives_although_the_peer_goes_on_sending(peer):
    """Closing over unread bytes would have TCP reset the connection and take the answer with it."""

    async def flood():
        while not peer.writer.is_closing():
            await peer.send(b"x" * 65536)

    await peer.send(b"NONSENSE\r\n")
    task = asyncio.create_task(flood())
    try:
        answers = await asyncio.wait_for(peer.answers(), PATIENCE)
    finally:
        task.cancel()
        await asyncio.wait({task})
    assert [answer.status for answer in answers] == [400]
