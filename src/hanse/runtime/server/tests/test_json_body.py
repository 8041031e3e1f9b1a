"""Bodies that are no JSON, other JSON than declared, or JSON of two readings, at both public addresses."""

from __future__ import annotations

import json
from time import process_time
from uuid import UUID

import pytest

from hanse.runtime.server.tests.desk import MARKER
from hanse.runtime.server.tests.wire import connect, get, post

ID = "123e4567-e89b-42d3-a456-426614174000"


@pytest.fixture(params=["rest", "connect"])
def at(request):
    """Makes a request for a method at one of its two addresses."""
    paths = {"Echo": "/desk/v1/echo", "Order": "/desk/v1/orders", "Small": "/desk/v1/small"}

    def made(method: str, body: object, *headers: str) -> bytes:
        if request.param == "rest":
            return post(paths[method], body, *headers)
        return connect(method, body, *headers)

    made.kind = request.param
    return made


def violations(answer) -> list[dict]:
    """What was wrong, from a problem or from a Connect error."""
    assert answer.status == 400
    if "violations" in answer.json:
        return answer.json["violations"]
    assert answer.json["code"] == "invalid_argument"
    return answer.json["details"][0]["debug"]["fields"]["violations"]


TEXT = '{"text":"a"}'
BROKEN = {
    "nothing": b"",
    "blank": b"  ",
    "truncated": b'{"text":"a"',
    "truncated in text": b'{"text":"a',
    "truncated in escape": b'{"text":"a\\u00',
    "truncated in key": b'{"te',
    "more after": b'{"text":"a"}{"text":"b"}',
    "comma after": b'{"text":"a",}',
    "single quotes": b"{'text':'a'}",
    "no quotes": b"{text:1}",
    "comment": b'{"text":"a"/**/}',
    "control character": b'{"text":"a\nb"}',
    "NUL": b'{"text":"a\0b"}',
    "unknown escape": b'{"text":"\\x41"}',
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-16 little": TEXT.encode("utf-16-le"),
    "UTF-32": TEXT.encode("utf-32"),
    "byte order mark": TEXT.encode("utf-8-sig"),
    "invalid UTF-8": b'{"text":"\xff\xfe"}',
    "cut UTF-8": b'{"text":"\xc3"}',
    "overlong UTF-8": b'{"text":"\xc0\xaf"}',
    "surrogate in UTF-8": b'{"text":"\xed\xa0\x80"}',
    "high surrogate alone": b'{"text":"\\ud800"}',
    "low surrogate alone": b'{"text":"\\udc00"}',
    "surrogates swapped": b'{"text":"\\udc00\\ud800"}',
    "invalid UTF-8 in key": b'{"\xff":"a"}',
    "lone surrogate in key": b'{"\\ud800":"a"}',
    "an array": b'["a"]',
    "a text": b'"a"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
    "NaN": b'{"text":NaN}',
    "Infinity": b'{"text":Infinity}',
    "a form": b"text=a",
    "XML": b"<text>a</text>",
    "gzip": bytes.fromhex("1f8b0800000000000003"),
    "deep array": b'{"text":' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep array, open": b'{"text":' + b"[" * 100_000,
    "deep object": b'{"text":' + b'{"a":' * 50_000 + b"1" + b"}" * 50_000 + b"}",
    "endless number": b'{"text":' + b"9" * 100_000 + b"}",
    "wrong type": b'{"text":1}',
    "missing": b"{}",
    "another name": b'{"txet":"a"}',
    "other case": b'{"Text":"a"}',
}


@pytest.mark.parametrize("name", BROKEN)
async def test_what_is_no_right_json_is_a_bad_request_that_says_what(peer, at, gates, name):
    answer = await peer.ask(at("Echo", BROKEN[name]))
    found = violations(answer)
    assert len(found) == 1
    assert found[0]["message"]
    assert gates.begun == []
    # and the connection is good for another request, for where the body ends was never in doubt
    assert (await peer.ask(get("/desk/v1/names/a"))).status == 200


ORDERS = {
    "number for text": ({"items": [{"sku": 1}]}, "items[0].sku"),
    "text for number": ({"items": [{"sku": "a", "count": "one"}]}, "items[0].count"),
    "number too large": ({"items": [{"sku": "a", "count": 101}]}, "items[0].count"),
    "number too small": ({"items": [{"sku": "a", "count": 0}]}, "items[0].count"),
    "fraction for number": ({"items": [{"sku": "a", "count": 1.5}]}, "items[0].count"),
    "true for number": ({"items": [{"sku": "a", "count": True}]}, "items[0].count"),
    "text too long": ({"items": [{"sku": "a" * 21}]}, "items[0].sku"),
    "text too short": ({"items": [{"sku": ""}]}, "items[0].sku"),
    "no such choice": ({"items": [{"sku": "a", "shade": "green"}]}, "items[0].shade"),
    "null": ({"items": [{"sku": None}]}, "items[0].sku"),
    "object for array": ({"items": {"0": {"sku": "a"}}}, "items"),
    "array for object": ({"items": [["a"]]}, "items[0]"),
    "no such kind": ({"pay": {"type": "gold"}}, "pay"),
    "no kind": ({"pay": {"number": "1"}}, "pay"),
    "kind is no text": ({"pay": {"type": 1, "number": "1"}}, "pay"),
    "in a map": ({"notes": {"a": {"sku": "a", "count": 0}}}, "notes"),
}


@pytest.mark.parametrize("name", ORDERS)
async def test_a_broken_rule_is_named_with_its_path(peer, at, name):
    order, path = ORDERS[name]
    found = violations(await peer.ask(at("Order", {"order": order})))
    assert [one["field"].startswith(f"order.{path}") for one in found] == [True]
    assert found[0]["rule"]


NUMBERS = {
    "over 64 bits": "18446744073709551616",
    "far over": "1" + "0" * 300,
    "1e400": "1e400",
    "-1e400": "-1e400",
    "NaN": "NaN",
    "-Infinity": "-Infinity",
    "leading zero": "01",
    "plus": "+1",
    "hexadecimal": "0x1",
    "no digits": "-",
    "dot last": "1.",
    "dot first": ".5",
    "underscore": "1_0",
    "exponent alone": "1e",
}


@pytest.mark.parametrize(
    "digits", [str(2**63), str(-(2**63) - 1), str(2**64), "9" * 300, "9" * 5000]
)
async def test_an_integer_has_64_bits(peer, at, digits):
    sent = b'{"order":{"tally":' + digits.encode() + b"}}"
    violations(await peer.ask(at("Order", sent)))


@pytest.mark.parametrize(
    ("written", "number"),
    [("9223372036854775807", 2**63 - 1), ("-9223372036854775808", -(2**63)), ("1.0", 1),
     ("-0.00", 0), ("9007199254740993.0", 9007199254740993)],
)  # fmt: skip
async def test_an_integer_may_be_written_with_an_empty_fraction(peer, at, written, number):
    """To JSON Schema it is one, and the description says no more than that."""
    sent = b'{"note":"1.0","order":{"tally":' + written.encode() + b"}}"
    assert (await peer.ask(at("Order", sent))).json["tally"] == number


@pytest.mark.parametrize("written", ["1.5", "1.5e0", "1e-1", "1.", "1.0.0", "01.0"])
async def test_no_other_fraction_is_an_integer(peer, at, written):
    violations(await peer.ask(at("Order", b'{"order":{"tally":' + written.encode() + b"}}")))


@pytest.mark.parametrize("name", NUMBERS)
@pytest.mark.parametrize("place", ["count", "amount"])
async def test_numbers_that_are_none_or_too_large_are_refused(peer, at, name, place):
    sent = {
        "count": '{"order":{"items":[{"sku":"a","count":%s}]}}',
        "amount": '{"order":{"pay":{"type":"cash","amount":%s}}}',
    }[place]
    if place == "amount" and name in {"over 64 bits", "far over"}:
        sent = sent.replace("%s", "-%s.5e999")
    violations(await peer.ask(at("Order", (sent % NUMBERS[name]).encode())))


UNKNOWN = {
    "at the top": ({"order": {}, "extra": 1}, "extra"),
    "at the top, optional left out": ({"order": {}, "notes": 1}, "notes"),
    "in an object": ({"order": {"extra": 1}}, "order.extra"),
    "in an item": ({"order": {"items": [{"sku": "a"}, {"sku": "b", "extra": 1}]}}, "order.items[1].extra"),
    "in a map": ({"order": {"notes": {"x": {"sku": "a", "extra": 1}}}}, "order.notes['x'].extra"),
    "in a union": ({"order": {"pay": {"type": "cash", "amount": 1, "extra": 1}}}, "order.pay.extra"),
    "of another kind": ({"order": {"pay": {"type": "cash", "amount": 1, "number": "1"}}}, "order.pay.number"),
    "below a union": ({"order": {"pay": {"type": "card", "number": "1", "holder": {"sku": "a", "extra": 1}}}}, "order.pay.holder.extra"),
    "in a tree": ({"order": {"tree": {"branches": [{"branches": [{"extra": 1}]}]}}}, "order.tree.branches[0].branches[0].extra"),
    "a kind where there is none": ({"order": {"items": [{"sku": "a", "type": "x"}]}}, "order.items[0].type"),
}  # fmt: skip


@pytest.mark.parametrize("name", UNKNOWN)
async def test_a_field_nobody_declared_is_refused_at_the_open_door_by_its_path(peer, at, name):
    sent, path = UNKNOWN[name]
    found = violations(await peer.ask(at("Order", sent)))
    assert [(one["field"], one["rule"]) for one in found] == [(path, "unknown")]


@pytest.mark.parametrize("name", UNKNOWN)
async def test_between_hosts_it_is_ignored(serve, connect_to, tmp_path, name):
    """Two releases run at once: the newer one says more than the older one knows."""
    await serve(socket=tmp_path / "desk.sock")
    peer = await connect_to(tmp_path / "desk.sock")
    answer = await peer.ask(connect("Order", UNKNOWN[name][0]))
    assert answer.status == 200
    assert "extra" not in answer.body.decode()


HIDDEN = {
    "number too large": "1e400",
    "endless number": "9" * 5000,
    "lone surrogate": '"\\ud800"',
    "deep": "[" * 2000 + "]" * 2000,
    "deeper": "[" * 60_000 + "]" * 60_000,
    "deep objects": '{"a":' * 2000 + "1" + "}" * 2000,
}


@pytest.mark.parametrize("name", HIDDEN)
async def test_what_stands_in_an_undeclared_field_does_no_harm(peer, at, name):
    sent = '{"order":{"extra":' + HIDDEN[name] + "}}"
    violations(await peer.ask(at("Order", sent.encode())))


TWICE = {
    "at the top": ('{"text":"a","text":"b"}', "text"),
    "the same value": ('{"text":"a","text":"a"}', "text"),
    "by an escape": ('{"text":"a","\\u0074ext":"b"}', "text"),
    "by an escape, first": ('{"te\\u0078t":"a","text":"b"}', "text"),
    "space before the colon": ('{"text" :"a","text"\n:\t"b"}', "text"),
    "colon in the value": ('{"text":"\\":","text":"a"}', "text"),
}
TWICE_IN_ORDERS = {
    "argument": ('{"order":{},"order":{}}', "order"),
    "nested": ('{"order":{"items":[{"sku":"a","sku":"b"}]}}', "sku"),
    "optional": ('{"order":{"items":[{"sku":"a","count":1,"count":2}]}}', "count"),
    "by an escape": ('{"order":{"items":[{"sku":"a","\\u0073ku":"b"}]}}', "sku"),
    "key of a map": ('{"order":{"notes":{"x":{"sku":"a"},"x":{"sku":"b"}}}}', "x"),
    "key of a map by an escape": ('{"order":{"notes":{"x":{"sku":"a"},"\\u0078":{"sku":"b"}}}}', "x"),
    "inside a map": ('{"order":{"notes":{"x":{"sku":"a","sku":"b"}}}}', "sku"),
    "inside a union": ('{"order":{"pay":{"type":"cash","amount":1,"amount":2}}}', "amount"),
    "kind of a union": ('{"order":{"pay":{"type":"cash","amount":1,"type":"cash"}}}', "type"),
    "inside a tree": ('{"order":{"tree":{"branches":[{"name":"a","name":"b"}]}}}', "name"),
    "empty key": ('{"order":{"notes":{"":{"sku":"a"},"":{"sku":"b"}}}}', ""),
}  # fmt: skip


@pytest.mark.parametrize("name", TWICE)
async def test_a_key_that_comes_twice_is_refused(peer, at, name):
    sent, key = TWICE[name]
    found = violations(await peer.ask(at("Echo", sent.encode())))
    assert [(one["field"], one["rule"]) for one in found] == [(key, "duplicate")]


@pytest.mark.parametrize("name", TWICE_IN_ORDERS)
async def test_a_key_that_comes_twice_is_refused_at_any_depth(peer, at, name):
    sent, key = TWICE_IN_ORDERS[name]
    found = violations(await peer.ask(at("Order", sent.encode())))
    assert [(one["field"], one["rule"]) for one in found] == [(key, "duplicate")]


ONCE = {
    "colons in text": {"text": '":"::{"text":"a"}'},
    "the key as text": {"text": "text"},
    "quotes": {"text": '\\"\\":'},
    "escapes at the end": {"text": "\\\\"},
    "brackets": {"text": "[{" * 500},
    "all of Unicode's ends": {"text": "\0\x7f\x80\u2028\ud7ff\ue000\uffff\U00010000\U0010ffff"},
}


@pytest.mark.parametrize("name", ONCE)
@pytest.mark.parametrize("ascii_only", [True, False])
async def test_text_that_looks_like_json_is_text(peer, at, name, ascii_only):
    sent = json.dumps(ONCE[name], ensure_ascii=ascii_only).encode()
    assert (await peer.ask(at("Echo", sent))).json == ONCE[name]


async def test_the_same_key_in_two_objects_is_fine(peer, at):
    order = {"items": [{"sku": "a"}, {"sku": "a"}], "notes": {"sku": {"sku": "sku"}}}
    answer = await peer.ask(at("Order", {"order": order, "note": None}))
    assert answer.json["notes"] == {"sku": {"sku": "sku", "count": 1, "shade": "red"}}


IN_A_SET_TWICE = {
    "text": ('{"labels":["a","b","a"]}', "order.labels[2]"),
    "by an escape": ('{"labels":["a","\\u0061"]}', "order.labels[1]"),
    "a number": ('{"marks":[2,1,1]}', "order.marks[2]"),
    "a number with a fraction": ('{"marks":[1,1.0]}', "order.marks[1]"),
    "more than there is room for": ('{"marks":[1,2,3,1]}', "order.marks[3]"),
    "an object": ('{"spares":[{"sku":"a"},{"sku":"a"}]}', "order.spares[1]"),
    "an object by other order": (
        '{"spares":[{"sku":"a","count":2},{"count":2.0,"sku":"a"}]}', "order.spares[1]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", IN_A_SET_TWICE)
async def test_an_item_that_comes_twice_in_a_set_is_refused(peer, at, name):
    sent, path = IN_A_SET_TWICE[name]
    found = violations(await peer.ask(at("Order", b'{"order":' + sent.encode() + b"}")))
    assert [(one["field"], one["rule"]) for one in found] == [(path, "unique")]


async def test_all_that_come_twice_in_a_set_are_named_and_so_is_what_is_wrong_in_them(peer, at):
    sent = {"spares": [{"sku": "a", "extra": 1}, {"sku": "a", "extra": 1}], "labels": ["a"] * 3}
    found = violations(await peer.ask(at("Order", {"order": sent})))
    assert {(one["field"], one["rule"]) for one in found} == {
        ("order.spares[1]", "unique"), ("order.labels[1]", "unique"), ("order.labels[2]", "unique"),
        ("order.spares[0].extra", "unknown"), ("order.spares[1].extra", "unknown"),
    }  # fmt: skip


async def test_items_of_a_set_that_only_look_alike_are_kept(peer, at):
    sent = {"labels": ["1", "1.0", "a", "A"], "spares": [{"sku": "a"}, {"sku": "a", "count": 2}]}
    answer = (await peer.ask(at("Order", {"order": sent}))).json
    assert sorted(answer["labels"]) == ["1", "1.0", "A", "a"]
    assert len(answer["spares"]) == 2


async def test_between_hosts_what_comes_twice_in_a_set_counts_once(serve, connect_to, tmp_path):
    await serve(socket=tmp_path / "desk.sock")
    peer = await connect_to(tmp_path / "desk.sock")
    answer = await peer.ask(connect("Order", {"order": {"labels": ["a", "a"]}}))
    assert answer.json["labels"] == ["a"]


def nested(depth: int) -> dict:
    """An order nested so deep, counted from the outermost object."""
    tree: dict = {}
    for _ in range((depth - 3) // 2):
        tree = {"branches": [tree]}
    return {"order": {"tree": tree}}


async def test_nesting_has_a_limit_that_is_said(serve, connect_to, at):
    host = await serve(limits={"json_depth": 9})
    peer = await connect_to(host)
    assert (await peer.ask(at("Order", nested(9)))).status == 200
    found = violations(await peer.ask(at("Order", nested(11))))
    assert found[0]["rule"] == "depth"
    assert "9" in found[0]["message"]


async def test_a_hundred_thousand_undeclared_fields_get_a_short_answer(peer, at):
    sent = "".join(f',"{number}":1' for number in range(80_000))
    answer = await peer.ask(at("Order", ('{"order":{"note":1' + sent + "}}").encode()))
    assert 1 < len(violations(answer)) <= 20
    assert len(answer.body) < 10_000


async def test_one_duplicate_among_fifteen_thousand_keys_is_found_at_once(peer, at):
    """Comparing each with each would take the loop for minutes; the client gives up after ten seconds."""
    notes = "".join(f'"{number:x}":{{"sku":"a"}},' for number in range(15_000))
    sent = ('{"order":{"notes":{' + notes + '"0":{"sku":"b"}}}}').encode()
    found = violations(await peer.ask(at("Order", sent)))
    assert found[0]["field"] == "0"


ENDLESS = {
    "digits": b'{"text":1.0,"x":' + b"9" * 900_000,
    "zeros": b'{"text":1.0,"x":1.' + b"0" * 900_000 + b"1}",
    "quotes": b'{"text":1.0,"x":"' + b'\\"' * 450_000,
    "escapes": b'{"text":1.0,"x":"' + b"\\" * 900_000,
    "open strings": b'{"text":1.0,"x":' + b'"' * 900_000,
    "minus": b'{"text":1.0,"x":' + b"-" * 900_000,
    "points": b'{"text":1.0,"x":' + b".0" * 450_000,
    "brackets": b'{"text":1.0,"x":' + b"[" * 900_000,
    "colons": b'{"text":1.0,"x":' + b":" * 900_000,
}


@pytest.mark.parametrize("name", ENDLESS)
async def test_time_grows_with_the_length_alone(host, peer, at, name):
    """Nine hundred kilobytes made for our patterns, behind a mistake that has us look twice."""
    begun = process_time()
    violations(await peer.ask(at("Echo", ENDLESS[name])))
    assert process_time() - begun < 0.5


async def test_a_name_as_long_as_the_body_is_not_sent_back(peer, at):
    answer = await peer.ask(at("Order", {"order": {"x" * 500_000: 1}}))
    assert len(answer.body) < 5_000
    answer = await peer.ask(at("Order", {"order": {}, "x" * 500_000: 1}))
    assert len(answer.body) < 5_000


async def test_a_body_over_the_methods_limit_is_refused_before_it_is_read(host, connect_to, at):
    # given one that announces its length and sends nothing of it
    peer = await connect_to(host)
    head = at("Small", {"text": "x" * 100}).partition(b"\r\n\r\n")[0]
    answers = [(await peer.ask(head + b"\r\n\r\n"))]
    await peer.closed()
    # and one in chunks, which nobody can know before
    peer = await connect_to(host)
    chunked = head.replace(b"Content-Length: 112", b"Transfer-Encoding: chunked")
    await peer.send(chunked + b"\r\n\r\n40\r\n" + b"x" * 64 + b"\r\n1\r\n")
    await peer.send(b"x")
    answers += await peer.answers()
    assert [(answer.status, answer.code) for answer in answers] == [(413, "body_too_large")] * 2
    assert answers[0].json["fields"] == {"limit_bytes": 64}
    # while one of exactly the limit passes
    peer = await connect_to(host)
    assert (await peer.ask(at("Small", {"text": "x" * 52}))).status == 200


KINDS = {
    "text": "text/plain",
    "form": "application/x-www-form-urlencoded",
    "multipart": "multipart/form-data; boundary=x",
    "UTF-16": "application/json; charset=utf-16",
    "Latin-1": "application/json; charset=latin-1",
    "two charsets": "application/json; charset=utf-8; charset=utf-16",
    "other JSON": "application/json-patch+json",
    "suffix": "application/vnd.api+json",
    "protobuf": "application/proto",
    "empty": "",
}


@pytest.mark.parametrize("name", KINDS)
async def test_only_json_is_read(peer, at, name):
    answer = await peer.ask(at("Echo", {"text": "a"}, f"Content-Type: {KINDS[name]}"))
    assert answer.status == 415
    if at.kind == "rest":
        assert answer.code == "unsupported_media_type"


@pytest.mark.parametrize(
    "kind", ["application/json", "APPLICATION/JSON", 'application/json;charset="UTF-8"']
)
async def test_json_has_many_spellings(peer, at, kind):
    assert (await peer.ask(at("Echo", {"text": "a"}, f"Content-Type: {kind}"))).status == 200


@pytest.mark.parametrize(
    ("version", "status"), [("1", 200), ("2", 400), ("", 400), ("1.0", 400), (MARKER, 400)]
)
async def test_another_version_of_connect_is_refused(peer, version, status):
    sent = post("/desk.v1.Desk/Echo", {"text": "a"}, f"Connect-Protocol-Version: {version}")
    answer = await peer.ask(sent)
    assert answer.status == status
    assert MARKER not in answer.body.decode()


# What takes long, on purpose.

ALIKE = {
    "numbers": [(2**61 - 1) * factor + 7 for factor in range(1, 100)],
    "ids": [str(UUID(int=(2**61 - 1) * factor + 7)) for factor in range(1, 100)],
    "amounts": [str((2**61 - 1) * factor + 7) for factor in range(1, 100)],
}


@pytest.mark.parametrize("field", ALIKE)
async def test_a_set_of_items_chosen_to_hash_alike_is_refused_before_it_is_made(peer, field):
    found = violations(await peer.ask(post("/desk/v1/marks", {field: ALIKE[field]})))
    assert [(one["field"], one["rule"]) for one in found] == [(field, "alike")]


async def test_a_large_set_of_any_others_is_taken(peer):
    body = {"numbers": list(range(5_000)), "ids": [str(UUID(int=7 * n)) for n in range(1_000)]}
    assert (await peer.ask(post("/desk/v1/marks", body))).json == 6_000


async def test_a_set_that_is_none_is_refused_as_such(peer):
    body = {"numbers": [*range(100), "x"]}
    assert (await peer.ask(post("/desk/v1/marks", body))).status == 400
    assert (await peer.ask(post("/desk/v1/marks", {"numbers": "," * 100}))).status == 400


async def test_objects_and_arrays_are_counted(peer):
    items = b'{"items":[' + b"{}," * 20_000 + b"{}]}"
    found = violations(await peer.ask(post("/desk/v1/orders", items)))
    assert [one["rule"] for one in found] == ["items"]


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "-Infinity", "1e7000", "1E+999999"])
@pytest.mark.parametrize("field", ["amount", "amounts"])
async def test_a_decimal_is_a_number_that_can_be_written_out(peer, field, amount):
    value = amount if field == "amount" else [amount]
    assert (await peer.ask(post("/desk/v1/marks", {field: value}))).status == 400
    assert (await peer.ask(post("/desk/v1/marks", {"amount": "12.50"}))).status == 200
