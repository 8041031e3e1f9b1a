"""Paths and queries that are written oddly: one reading each, or a refusal."""

from __future__ import annotations

import pytest

from hanse.runtime.server.tests.wire import get, post

ID = "123e4567-e89b-42d3-a456-426614174000"

NAMES = {
    "plain": ("a", "a"),
    "encoded": ("%61", "a"),
    "UTF-8": ("%C3%BC", "ü"),
    "lower-case digits": ("%c3%bc", "ü"),
    "encoded slash": ("a%2Fb", "a/b"),
    "encoded dots": ("%2e%2e", ".."),
    "dots": ("..", ".."),
    "encoded dots and slash": ("%2e%2e%2f", "../"),
    "encoded percent": ("%2561", "%61"),
    "plus": ("a+b", "a+b"),
    "space": ("a%20b", "a b"),
    "question mark": ("a%3Fb", "a?b"),
    "semicolon": ("a;b=c", "a;b=c"),
    "NUL": ("a%00b", "a\0b"),
    "line end": ("a%0d%0ab", "a\r\nb"),
    "high": ("%F0%9F%98%80", "\U0001f600"),
}


@pytest.mark.parametrize("name", NAMES)
async def test_a_parameter_is_decoded_once_and_stays_one_segment(peer, name):
    written, value = NAMES[name]
    answer = await peer.ask(get(f"/desk/v1/names/{written}"))
    assert (answer.status, answer.json) == (200, {"text": value})


BROKEN = {
    "no digits": "%",
    "one digit": "a%2",
    "no hexadecimal": "%zz",
    "%u": "%u0061",
    "overlong slash": "%c0%af",
    "overlong dot": "%c0%ae%c0%ae",
    "overlong in three": "%e0%80%af",
    "Latin-1": "%fc",
    "cut": "%C3",
    "surrogate": "%ED%A0%80",
    "beyond Unicode": "%F4%90%80%80",
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_path_that_is_no_text_is_not_found(peer, name):
    assert (await peer.ask(get(f"/desk/v1/names/{BROKEN[name]}"))).status == 404


@pytest.mark.parametrize("name", BROKEN)
async def test_a_query_that_is_no_text_is_refused(peer, name):
    for query in (f"word={BROKEN[name]}", f"{BROKEN[name]}=a", f"word=a&tags={BROKEN[name]}"):
        answer = await peer.ask(get(f"/desk/v1/search?{query}"))
        assert (answer.status, answer.json["violations"][0]["rule"]) == (400, "query"), query


ELSEWHERE = [
    "/desk/v1/names/", "/desk/v1/names", "/desk/v1/names//a", "//desk/v1/names/a",
    "/desk/v1/names/a/", "/desk/v1/names/a/b", "/desk//v1/names/a", "/Desk/v1/names/a",
    "/desk/v1/NAMES/a", "/desk/v1/./names/a", "/x/../desk/v1/names/a", "/desk/v1/names%2Fa",
    "/desk%2Fv1/names/a", "/desk/v1/names/%2e%2e/names/a", "/desk/v1/echo/", "/desk.v1.Desk",
    "/desk.v1.desk/Echo", "/desk.v1.Desk/echo", "/desk.v1.Desk%2FEcho", "/desk.v1.Desk/Echo/",
    "/health", "/health/", "/health/live/x", "/openapi.json/", "/.well-known/x", "/",
]  # fmt: skip


@pytest.mark.parametrize("path", ELSEWHERE)
async def test_a_path_that_only_looks_like_one_of_ours_is_not(peer, path):
    assert (await peer.ask(get(path))).status == 404
    assert (await peer.ask(post(path, {"text": "a"}))).status == 404


async def test_a_literal_segment_may_be_written_encoded(peer):
    assert (await peer.ask(get("/%64esk/v1/names/a"))).json == {"text": "a"}
    assert (await peer.ask(post("/desk/v1/%65cho", {"text": "a"}))).json == {"text": "a"}


WRONG_IDS = [
    "1", "x", ID[:-1], f"{ID}0", f"{{{ID}}}", f"urn:uuid:{ID}", ID.replace("-", "%2d") + "x",
    "null", "%20" + ID, f"{ID}%00", f"{ID}%0a", "0x1", "-1", "../" + ID,
]  # fmt: skip


@pytest.mark.parametrize("written", WRONG_IDS)
async def test_an_id_of_the_wrong_kind_is_refused_by_name(peer, written):
    answer = await peer.ask(post(f"/desk/v1/items/{written}:count", {"by": 1}))
    if "/" in written:
        assert answer.status == 404
        return
    assert answer.status == 400
    assert [one["field"] for one in answer.json["violations"]] == ["item_id"]


async def test_an_id_of_the_right_kind_is_taken(peer):
    for written in (ID, ID.upper(), ID.replace("-", "%2d")):
        answer = await peer.ask(post(f"/desk/v1/items/{written}:count", {"by": 1}))
        assert (answer.status, answer.json) == (200, 1)


async def test_what_stands_in_the_path_may_not_stand_in_the_body_too(peer):
    answer = await peer.ask(post(f"/desk/v1/items/{ID}:count", {"by": 1, "item_id": ID}))
    assert (answer.status, answer.json["violations"][0]["field"]) == (400, "item_id")


async def test_a_custom_verb_belongs_to_its_resource(peer):
    assert (await peer.ask(post(f"/desk/v1/items/{ID}", {"by": 1}))).status == 404
    assert (await peer.ask(post(f"/desk/v1/items/{ID}:other", {"by": 1}))).status == 404
    assert (await peer.ask(post("/desk/v1/items/:count", {"by": 1}))).status == 404
    encoded = await peer.ask(post(f"/desk/v1/items/{ID}%3Acount", {"by": 1}))
    assert encoded.status in {200, 404}


QUERIES = {
    "unknown": ("word=a&extra=1", "extra", "unknown"),
    "twice": ("word=a&word=b", "word", "duplicate"),
    "twice the same": ("word=a&word=a", "word", "duplicate"),
    "twice by encoding": ("word=a&%77ord=b", "word", "duplicate"),
    "other case": ("word=a&Limit=5", "Limit", "unknown"),
    "brackets": ("word=a&tags[]=b", "tags[]", "unknown"),
    "missing": ("limit=5", "word", "required"),
    "no number": ("word=a&limit=x", "limit", None),
    "empty number": ("word=a&limit=", "limit", None),
    "fraction": ("word=a&limit=1.5", "limit", None),
    "hexadecimal": ("word=a&limit=0x1", "limit", None),
    "over the limit": ("word=a&limit=101", "limit", None),
    "under the limit": ("word=a&limit=0", "limit", None),
    "over 64 bits": ("word=a&limit=99999999999999999999", "limit", None),
    "endless": ("word=a&limit=" + "9" * 5000, "limit", None),
    "NaN": ("word=a&share=NaN", "share", None),
    "Infinity": ("word=a&share=Infinity", "share", None),
    "-inf": ("word=a&share=-inf", "share", None),
    "1e400": ("word=a&share=1e400", "share", None),
    "other digits": ("word=a&limit=%D9%A5", "limit", None),
    "null": ("word=a&limit=null", "limit", None),
    "just over 64 bits": ("word=a&tally=9223372036854775808", "tally", None),
    "null where there may be none": ("word=a&tally=null", "tally", "null"),
    "Null": ("word=a&tally=Null", "tally", "null"),
    "no name": ("word=a&=b", "", "unknown"),
    "twice in a set": ("word=a&marks=1&marks=2&marks=1", "marks", "unique"),
}


@pytest.mark.parametrize("name", QUERIES)
async def test_a_wrong_query_names_the_argument(peer, name):
    query, field, rule = QUERIES[name]
    answer = await peer.ask(get(f"/desk/v1/search?{query}"))
    assert answer.status == 400
    violation = answer.json["violations"][0]
    assert violation["field"] == field
    assert violation["rule"] == (rule or violation["rule"])
    assert len(answer.body) < 2000


async def test_a_query_has_a_bounded_number_of_values(peer):
    assert (await peer.ask(get("/desk/v1/search?word=a" + "&tags=b" * 99))).status == 200
    assert (await peer.ask(get("/desk/v1/search?word=a" + "&tags=b" * 101))).status == 400


async def test_a_right_query_is_read(peer):
    query = "word=a+b%26c&limit=7&share=1e-2&tags=x&tags=&marks=1&marks=2"
    answer = await peer.ask(get(f"/desk/v1/search?{query}"))
    assert answer.json == ["a b&c", "7", "0.01", "x", ""]


async def test_a_query_where_none_is_due_is_refused_or_ignored_alike(peer):
    """A body's method takes nothing from the query: it cannot be a second way in."""
    answer = await peer.ask(post("/desk/v1/echo?text=b", {"text": "a"}))
    assert (answer.status, answer.json) == (200, {"text": "a"})


@pytest.mark.parametrize("rest", ["=b&limit=7&&tags=x&tags=&tags", "&=&tags=x", "&tags"])
async def test_a_query_reads_alike_whether_any_of_it_is_encoded(peer, rest):
    plain = await peer.ask(get(f"/desk/v1/search?word=a{rest}"))
    encoded = await peer.ask(get(f"/desk/v1/search?word=%61{rest}"))
    assert plain.status == encoded.status
    if plain.status == 200:
        assert plain.json == encoded.json
    else:
        assert plain.json["violations"] == encoded.json["violations"]
