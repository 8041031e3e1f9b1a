"""Connect's unary calls by the letter (connectrpc.com/docs/protocol): POST, GET, and what is refused."""

from __future__ import annotations

import base64
import gzip
import json
from urllib.parse import quote, urlencode

import pytest

from hanse import PUBLIC, Service, rpc
from hanse.runtime.http.cors import Cors
from hanse.runtime.server.tests.desk import MARKER
from hanse.runtime.server.tests.wire import connect, get, post

ID = "123e4567-e89b-42d3-a456-426614174000"


def query(method: str, *headers: str, verb: str = "GET", **parameters: object) -> bytes:
    """A call by GET; parameters that are None are left out."""
    given = {"connect": "v1", "encoding": "json", **parameters}
    text = urlencode({name: one for name, one in given.items() if one is not None})
    return get(f"/desk.v1.Desk/{method}?{text}", *headers, verb=verb)


def message(value: object) -> str:
    return json.dumps(value)


def in_base64(value: object) -> str:
    return base64.urlsafe_b64encode(message(value).encode()).decode()


def told(answer) -> tuple[int, str, list[tuple[str, str]]]:
    """Status, code and what was wrong, out of a Connect error."""
    assert answer.headers["content-type"] == "application/json"
    fields = answer.json["details"][0]["debug"]["fields"]
    broken = [(one["field"], one["rule"]) for one in fields.get("violations", ())]
    assert all(one["message"] for one in fields.get("violations", ()))
    return answer.status, answer.json["code"], broken


# POST


@pytest.mark.parametrize(
    "kind", ["application/proto", "application/connect+json", "application/grpc", "text/plain", "x"]
)
@pytest.mark.parametrize("body", [b"", b"{}", b'{"text":"a"}'])
async def test_another_format_is_unsupported_even_when_empty(peer, kind, body):
    """An empty message of protobuf has no bytes; its sender could not read our JSON."""
    answer = await peer.ask(connect("Who", body, f"Content-Type: {kind}"))
    assert (answer.status, answer.body) == (415, b"")
    assert answer.headers["accept-post"] == "application/json"


async def test_an_empty_body_is_an_empty_message(peer):
    whole = await peer.ask(connect("Who", {}))
    for sent in (
        connect("Who", b"", "Content-Type: application/json"),
        get("/desk.v1.Desk/Who", "Content-Length: 0", verb="POST"),
    ):
        answer = await peer.ask(sent)
        assert (answer.status, answer.json) == (200, whole.json)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "GZIP", "identity, gzip", MARKER])
async def test_what_is_compressed_is_refused_with_what_is_supported(peer, coding):
    body = gzip.compress(b'{"text":"a"}')
    answer = await peer.ask(connect("Echo", body, f"Content-Encoding: {coding}"))
    assert told(answer) == (501, "unimplemented", [])
    assert "identity" in answer.json["message"]
    assert MARKER not in answer.body.decode()


@pytest.mark.parametrize("coding", ["identity", "Identity", ""])
async def test_what_is_not_compressed_may_say_so(peer, coding):
    answer = await peer.ask(connect("Echo", {"text": "a"}, f"Content-Encoding: {coding}"))
    assert answer.json == {"text": "a"}


@pytest.mark.parametrize("coding", ["gzip", "gzip, br", "br,gzip"])
async def test_an_answer_is_compressed_for_who_takes_it(peer, coding):
    answer = await peer.ask(connect("Large", {"kilobytes": 9}, f"Accept-Encoding: {coding}"))
    assert answer.headers["content-encoding"] == "gzip"
    assert len(json.loads(gzip.decompress(answer.body))["text"]) == 9 * 1024


TIMEOUTS = {
    "0": (504, "deadline_exceeded"),
    "0000000000": (504, "deadline_exceeded"),
    "-1": (400, "invalid_argument"),
    "1.5": (400, "invalid_argument"),
    "1e3": (400, "invalid_argument"),
    "12345678901": (400, "invalid_argument"),
    "": (400, "invalid_argument"),
    "soon": (400, "invalid_argument"),
}


@pytest.mark.parametrize("given", TIMEOUTS)
async def test_a_timeout_is_a_positive_integer_of_ten_digits(peer, given):
    header = f"Connect-Timeout-Ms: {given}"
    for sent in (connect("Echo", {"text": "a"}, header), query("Who", header, message="{}")):
        assert told(await peer.ask(sent))[:2] == TIMEOUTS[given]


async def test_a_timeout_ends_the_call_and_the_longest_is_clamped(peer, gates):
    answer = await peer.ask(connect("Wait", {"key": "a"}, "Connect-Timeout-Ms: 50"))
    assert told(answer)[:2] == (504, "deadline_exceeded")
    assert gates.ended["a"] == 1
    answer = await peer.ask(connect("Echo", {"text": "a"}, "Connect-Timeout-Ms: 9999999999"))
    assert answer.status == 200


async def test_an_error_is_connects_json_with_its_code_and_status(peer):
    answer = await peer.ask(connect("Fail", {"how": "full"}))
    assert told(answer)[:2] == (400, "failed_precondition")
    (detail,) = answer.json["details"]
    assert detail["type"] == "hanse.v1.Error"
    assert not detail["value"].endswith("=")
    assert b"desk_full" in base64.b64decode(detail["value"] + "=" * (-len(detail["value"]) % 4))
    assert told(await peer.ask(connect("Me", {})))[:2] == (401, "unauthenticated")


async def test_a_method_nobody_serves_is_unimplemented(peer):
    answer = await peer.ask(connect("Absent", {}))
    assert (answer.status, answer.json["code"]) == (501, "unimplemented")


# GET


async def test_a_method_without_side_effects_is_called_by_get(peer):
    asked = {"word": "a b+c&d=é%", "limit": 7, "tags": ["x"]}
    posted = await peer.ask(connect("Search", asked))
    for sent in (
        query("Search", message=message(asked)),
        query("Search", message=in_base64(asked), base64=1),
        query("Search", message=in_base64(asked).rstrip("="), base64=1),
        query("Search", message=message(asked), base64=2),
        query("Search", message=message(asked), base64=""),
        query("Search", message=message(asked), connect=None, compression="identity"),
        query("Search", message=message(asked), utm_source="x", a="", v="1"),
        get(f"/desk.v1.Desk/Search?message={quote(message(asked))}&encoding=json"),
        get(
            f"/desk.v1.Desk/Search?a=1&a=2&message={quote(message(asked))}&encoding=json&connect=v1"
        ),
    ):
        answer = await peer.ask(sent)
        assert (answer.status, answer.json) == (200, posted.json), answer.body
        assert answer.headers["content-type"] == "application/json"


async def test_what_is_got_can_be_kept_and_asked_for_anew(peer):
    sent = {"message": message({"kilobytes": 9})}
    whole = await peer.ask(query("Large", **sent))
    assert "accept-encoding" in whole.headers["vary"]
    again = await peer.ask(query("Large", f"If-None-Match: {whole.headers['etag']}", **sent))
    assert (again.status, again.body) == (304, b"")
    head = await peer.ask(query("Large", verb="HEAD", **sent))
    assert (head.status, head.headers["etag"]) == (200, whole.headers["etag"])


async def test_a_message_without_bytes_is_an_empty_message(peer):
    posted = await peer.ask(connect("Who", {}))
    for more in ({}, {"base64": 1}):
        assert (await peer.ask(query("Who", message="", **more))).json == posted.json


async def test_it_is_read_as_strictly_as_by_post(peer):
    for sent in (
        b'{"word":"a","word":"b"}',
        b'{"word":"a","more":1}',
        b'{"word":"a","limit":101}',
        b'{"word":1}',
        b'{"word":',
        b"{}",
        b"[]",
        b'{"word":"' + b"[" * 5000 + b'","tags":[[[[]]]]}',
        b'{"word":"a","tally":9223372036854775808}',
        b'{"word":"a","tally":"9223372036854775808"}',
    ):
        posted = await peer.ask(connect("Search", sent))
        answer = await peer.ask(query("Search", message=sent.decode()))
        assert (answer.status, answer.json) == (posted.status, posted.json)
        assert answer.status == 400
    # and protobuf's JSON too
    answer = await peer.ask(query("Search", message='{"word":"a","tally":"7"}'))
    assert answer.status == 200


WRONG = {
    "other version": ({"connect": "v2"}, ("connect", "v1")),
    "version without v": ({"connect": "1"}, ("connect", "v1")),
    "no version": ({"connect": ""}, ("connect", "v1")),
    "no encoding": ({"encoding": None}, ("encoding", "required")),
    "no message": ({"message": None}, ("message", "required")),
    "no base64": ({"base64": 1, "message": "{}"}, ("message", "base64")),
    "other base64": ({"base64": 1, "message": "-_+/"}, ("message", "base64")),
    "cut base64": ({"base64": 1, "message": "e30xx"}, ("message", "base64")),
    "space in base64": ({"base64": 1, "message": "e30 "}, ("message", "base64")),
    "much padding": ({"base64": 1, "message": "e30==="}, ("message", "base64")),
    "too many": ({f"p{number}": 1 for number in range(200)}, ("", "query")),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
async def test_a_wrong_parameter_is_refused_by_name_and_rule(peer, name):
    changed, broken = WRONG[name]
    answer = await peer.ask(query("Who", **({"message": "{}"} | changed)))
    assert told(answer) == (400, "invalid_argument", [broken])


@pytest.mark.parametrize("name", ["connect", "encoding", "message", "base64", "compression"])
async def test_a_parameter_of_connects_comes_once(peer, name):
    twice = f"connect=v1&encoding=json&message=%7B%7D&base64=0&compression=identity&{name}=x"
    answer = await peer.ask(get(f"/desk.v1.Desk/Who?{twice}"))
    assert told(answer) == (400, "invalid_argument", [(name, "duplicate")])


@pytest.mark.parametrize("text", ["message=%FF", "message=%", "message=%zz", "message=%ED%A0%80"])
async def test_what_is_no_text_is_refused(peer, text):
    answer = await peer.ask(get(f"/desk.v1.Desk/Who?encoding=json&{text}"))
    assert told(answer) == (400, "invalid_argument", [("", "query")])
    not_utf8 = base64.urlsafe_b64encode(b'{"word":"\xff"}').decode()
    answer = await peer.ask(query("Search", message=not_utf8, base64=1))
    assert told(answer)[:2] == (400, "invalid_argument")


@pytest.mark.parametrize("encoding", ["proto", "JSON", "", "connect+json", MARKER])
async def test_another_encoding_of_the_message_is_unsupported(peer, encoding):
    answer = await peer.ask(query("Who", message="", encoding=encoding))
    assert (answer.status, answer.body) == (415, b"")


@pytest.mark.parametrize("coding", ["gzip", "br", MARKER])
async def test_a_compressed_message_is_refused_with_what_is_supported(peer, coding):
    sent = base64.urlsafe_b64encode(gzip.compress(b"{}")).decode()
    answer = await peer.ask(query("Who", message=sent, base64=1, compression=coding))
    assert told(answer) == (501, "unimplemented", [])
    assert "identity" in answer.json["message"]
    assert MARKER not in answer.body.decode()


@pytest.mark.parametrize("method", ["Echo", "Secret", "Forget", "Fail", "Count", "Ticks", "Hum"])
async def test_what_has_side_effects_or_streams_is_never_called_by_get(peer, gates, method):
    sent = {"text": "a", "how": "full", "name": "a", "item_id": ID, "by": 1}
    for verb in ("GET", "HEAD"):
        answer = await peer.ask(query(method, verb=verb, message=message(sent)))
        assert answer.status == 405
        assert answer.headers["allow"] == "OPTIONS, POST"
    assert gates.begun == []


async def test_an_internal_method_is_not_there_for_get(peer):
    answer = await peer.ask(query("Inside", message=message({"text": "a"})))
    twin = await peer.ask(query("Absent", message=message({"text": "a"})))
    assert (answer.status, answer.json) == (twin.status, twin.json)
    assert answer.status == 404


async def test_who_may_not_call_may_not_by_get(peer):
    assert told(await peer.ask(query("Me", message="{}")))[:2] == (401, "unauthenticated")
    answer = await peer.ask(query("Me", message="{", encoding="proto"))
    assert answer.status == 401  # and hears nothing of the rest


class Shelf(Service):
    """Short requests, and a GET that is declared to do something."""

    @rpc("GET /shelf/v1/words", allow=PUBLIC, max_body=64)
    async def find(self, word: str) -> str:
        return word

    @rpc("GET /shelf/v1/next", allow=PUBLIC, idempotent=False)
    async def next(self) -> int:
        return 1


@pytest.fixture
async def shelf(serve, connect_to):
    return await connect_to(await serve(services=(Shelf,)))


def find(word: str, **more: object) -> bytes:
    sent = '{"word":"' + word + '"}'
    given = base64.urlsafe_b64encode(sent.encode()).decode() if more else sent
    return get("/shelf.v1.Shelf/Find?" + urlencode({"encoding": "json", "message": given, **more}))


@pytest.mark.parametrize("more", [{}, {"base64": 1}])
async def test_a_message_has_the_methods_limit(shelf, connect_to, more):
    assert (await shelf.ask(find("x" * 53, **more))).json == {"value": "x" * 53}
    assert (await shelf.ask(find("é" * 26, **more))).status == 200
    for word in ("x" * 54, "é" * 27, "x" * 5000):
        answer = await shelf.ask(find(word, **more))
        assert told(answer) == (413, "invalid_argument", [])
        told_of = answer.json["details"][0]["debug"]
        assert (told_of["code"], told_of["fields"]["limit_bytes"]) == ("body_too_large", 64)


async def test_what_is_declared_to_do_something_is_not_got(shelf):
    answer = await shelf.ask(get("/shelf.v1.Shelf/Next?encoding=json&message="))
    assert answer.status == 405
    assert (await shelf.ask(post("/shelf.v1.Shelf/Next", {}))).status == 200


async def test_a_page_of_another_origin_gets_as_it_posts(serve, connect_to):
    shop = "https://shop.example"
    peer = await connect_to(await serve(cors=Cors(frozenset({shop}))))
    for name, allowed in ((shop, shop), ("https://evil.example", None)):
        answer = await peer.ask(query("Who", f"Origin: {name}", message="{}"))
        assert answer.headers.get("access-control-allow-origin") == allowed


async def test_on_the_socket_it_is_read_as_strictly(serve, connect_to, tmp_path):
    await serve(socket=tmp_path / "desk.sock")
    peer = await connect_to(tmp_path / "desk.sock")
    assert (await peer.ask(query("Who", message="{}"))).status == 200
    answer = await peer.ask(query("Who", message='{"more":1}'))
    assert told(answer) == (400, "invalid_argument", [("more", "unknown")])


async def test_a_body_beside_the_query_is_not_read(peer):
    sent = post(
        "/desk.v1.Desk/Search?encoding=json&message=%7B%22word%22%3A%22a%22%7D",
        {"word": "b"},
        verb="GET",
    )
    assert (await peer.ask(sent)).json["value"][0] == "a"
