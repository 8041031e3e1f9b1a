"""JSON as protobuf's writers write it: read at the Connect address, refused at the resource's."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from typing import Annotated, Literal

import pytest

from hanse import PUBLIC, Length, Range, Service, Struct, rpc
from hanse.runtime.server.tests.wire import post


class Weight(enum.IntEnum):
    LIGHT = 1
    HEAVY = 2


class Small(Struct, frozen=True, tag="small"):
    size: int


class Large(Struct, frozen=True, tag="large"):
    size: int
    blob: bytes = b""


class Node(Struct, frozen=True):
    number: int = 0
    nodes: tuple[Node, ...] = ()


class Everything(Struct, frozen=True):
    whole: int = 0
    few: Annotated[int, Range(1, 100)] = 1
    share: float = 0.5
    flag: bool = False
    text: str = "-"
    blob: bytes = b""
    perhaps: int | None = 7
    either: int | str = 0
    weight: Weight = Weight.LIGHT
    side: Literal[1, 2] = 1
    thing: Small | Large | None = None
    numbers: tuple[int, ...] = ()
    chosen: frozenset[int] = frozenset()
    named: Mapping[str, int] = {}
    grid: tuple[tuple[int, ...], ...] = ()
    node: Node = Node()


class Needs(Struct, frozen=True):
    """Each of them without a default."""

    names: tuple[str, ...]
    some: Annotated[tuple[int, ...], Length(1, 9)]
    places: Mapping[str, str]
    maybe: str | None


class Mirror(Service):
    """Answers with what it was given."""

    @rpc("POST /mirror/v1/everything", allow=PUBLIC)
    async def show(self, it: Everything) -> Everything:
        return it

    @rpc("POST /mirror/v1/needs", allow=PUBLIC)
    async def need(self, it: Needs, more: tuple[int, ...]) -> Needs:
        return it

    @rpc("POST /mirror/v1/flat", allow=PUBLIC)
    async def flat(self, tags: tuple[str, ...], word: str, note: str | None) -> str:
        return word


REST = {"Show": "/mirror/v1/everything", "Need": "/mirror/v1/needs", "Flat": "/mirror/v1/flat"}


@pytest.fixture
async def peer(serve, connect_to):
    return await connect_to(await serve(services=(Mirror,)))


def at_connect(method: str, body: object) -> bytes:
    return post(f"/mirror.v1.Mirror/{method}", body)


def body_of(written: str) -> bytes:
    return b'{"it":{' + written.encode() + b"}}"


def violations(answer) -> list[tuple[str, str]]:
    assert (answer.status, answer.code) == (400, "invalid_argument")
    fields = answer.json["details"][0]["debug"]["fields"]
    return [(one["field"], one["rule"]) for one in fields["violations"]]


READ = {
    "integer": ('"whole":"12"', {"whole": 12}),
    "negative": ('"whole":"-12"', {"whole": -12}),
    "beyond 2**53": ('"whole":"9007199254740993"', {"whole": 2**53 + 1}),
    "greatest": ('"whole":"9223372036854775807"', {"whole": 2**63 - 1}),
    "least": ('"whole":"-9223372036854775808"', {"whole": -(2**63)}),
    "greatest with fraction": ('"whole":"9223372036854775807.000"', {"whole": 2**63 - 1}),
    "exponent": ('"whole":1e3', {"whole": 1000}),
    "exponent in text": ('"whole":"1.5e3"', {"whole": 1500}),
    "exact exponent": ('"whole":9007199254740993.0e0', {"whole": 2**53 + 1}),
    "of few": ('"few":"100"', {"few": 100}),
    "float": ('"share":"-1.25e1"', {"share": -12.5}),
    "base64 of URLs": ('"blob":"-_8"', {"blob": "+/8="}),
    "base64 without padding": ('"blob":"aGk"', {"blob": "aGk="}),
    "null for a default": ('"whole":"1","text":null', {"whole": 1, "text": "-"}),
    "null alone": ('"share":null', {"share": 0.5}),
    "null where it may be": ('"whole":"1","perhaps":null', {"whole": 1, "perhaps": None}),
    "optional": ('"perhaps":"8"', {"perhaps": 8}),
    "enumeration": ('"weight":"2"', {"weight": 2}),
    "literal": ('"side":"2"', {"side": 2}),
    "by its tag": ('"thing":{"type":"large","size":"3","blob":"-_8"}',
                   {"thing": {"type": "large", "size": 3, "blob": "+/8="}}),
    "in a list": ('"numbers":["1",2,"3"]', {"numbers": [1, 2, 3]}),
    "null for a list": ('"numbers":null', {"numbers": []}),
    "in a set": ('"chosen":["1"]', {"chosen": [1]}),
    "in a map": ('"named":{"a":"1","":"2"}', {"named": {"a": 1, "": 2}}),
    "in a tree": ('"node":{"nodes":[{"number":"4","nodes":[{"number":"5"}]}]}',
                  {"node": {"number": 0, "nodes": [
                      {"number": 4, "nodes": [{"number": 5, "nodes": []}]}]}}),
    "text stays text": ('"whole":"1","text":"2","either":"3"', {"either": "3", "text": "2"}),
    "a fraction stays": ('"whole":"1","share":0.1', {"share": 0.1}),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
async def test_what_protobuf_writes_is_read(peer, name):
    written, shown = READ[name]
    answer = await peer.ask(at_connect("Show", body_of(written)))
    assert answer.status == 200, answer.body
    assert {key: answer.json[key] for key in shown} == shown


@pytest.mark.parametrize("name", [name for name in READ if name != "null where it may be"])
async def test_at_the_resource_it_is_refused_as_ever(peer, name):
    written, _ = READ[name]
    assert (await peer.ask(post(REST["Show"], body_of(written)))).status == 400


REFUSED = {
    "no digits": ('"whole":"twelve"', "it.whole", "type int"),
    "empty": ('"whole":""', "it.whole", "type int"),
    "space": ('"whole":" 1"', "it.whole", "type int"),
    "plus": ('"whole":"+1"', "it.whole", "type int"),
    "leading zero": ('"whole":"01"', "it.whole", "type int"),
    "underscore": ('"whole":"1_0"', "it.whole", "type int"),
    "other digits": ('"whole":"\u0661"', "it.whole", "type int"),
    "hexadecimal": ('"whole":"0x1"', "it.whole", "type int"),
    "fraction": ('"whole":"1.5"', "it.whole", "type int"),
    "fraction by exponent": ('"whole":1e-1', "it.whole", "type int"),
    "endless": ('"whole":"' + "9" * 5000 + '"', "it.whole", "type int"),
    "endless exponent": ('"whole":"1e999999999"', "it.whole", "type int"),
    "over 64 bits": ('"whole":"9223372036854775808"', "", "int64"),
    "under 64 bits": ('"whole":"-9223372036854775809"', "", "int64"),
    "over 64 bits by exponent": ('"whole":1e30', "", "int64"),
    "too large": ('"few":"101"', "it.few", "<= 100"),
    "too small": ('"few":"0"', "it.few", ">= 1"),
    "too small in a list": ('"thing":{"type":"small","size":"x"}', "it.thing.size", "type int"),
    "NaN": ('"share":"NaN"', "it.share", "type float"),
    "Infinity": ('"share":"-Infinity"', "it.share", "type float"),
    "too large a float": ('"share":"1e400"', "it.share", "value"),
    "text for a boolean": ('"flag":"true"', "it.flag", "type bool"),
    "number for a boolean": ('"flag":1', "it.flag", "type bool"),
    "number for a text": ('"whole":"1","text":1', "it.text", "type str"),
    "null in a list": ('"numbers":[null]', "it.numbers[0]", "type int"),
    "null in a map": ('"named":{"a":null}', "it.named[...]", "type int"),
    "no base64": ('"blob":"a*"', "it.blob", "value"),
    "base64 too short": ('"blob":"a"', "it.blob", "value"),
    "unknown": ('"whole":"1","extra":1', "it.extra", "unknown"),
    "unknown with null": ('"whole":"1","extra":null', "it.extra", "unknown"),
    "twice": ('"whole":"1","whole":"2"', "whole", "duplicate"),
    "twice, once null": ('"whole":null,"whole":"2"', "whole", "duplicate"),
    "no such tag": ('"whole":"1","thing":{"type":"huge"}', "it.thing.type", "one of 'small', 'large'"),
    "tag is no text": ('"whole":"1","thing":{"type":["small"]}', "it.thing.type", "type str"),
}  # fmt: skip


@pytest.mark.parametrize("name", REFUSED)
async def test_what_is_wrong_is_refused_by_field_and_rule_as_a_number_would_be(peer, name):
    written, field, rule = REFUSED[name]
    assert violations(await peer.ask(at_connect("Show", body_of(written)))) == [(field, rule)]


async def test_what_is_out_of_bounds_is_refused_in_the_words_for_numbers(peer):
    for bound in ("101", "-1", "9223372036854775808"):
        told = await peer.ask(at_connect("Show", body_of(f'"few":"{bound}"')))
        assert told.json == (await peer.ask(at_connect("Show", body_of(f'"few":{bound}')))).json


async def test_an_empty_list_or_map_or_null_is_left_out_by_its_writer(peer):
    answer = await peer.ask(at_connect("Need", b'{"it":{"some":["1"]}}'))
    assert answer.json == {"names": [], "some": [1], "places": {}, "maybe": None}
    nulls = b'{"it":{"names":null,"some":[1],"places":null,"maybe":null},"more":null}'
    assert (await peer.ask(at_connect("Need", nulls))).json == answer.json


async def test_what_has_to_be_there_has_to_be_there(peer):
    for given in (b'{"it":{}}', b'{"it":{"some":null}}'):
        (field, rule), = violations(await peer.ask(at_connect("Need", given)))  # fmt: skip
        assert (field, rule) == ("it.some", "length >= 1")
    assert violations(await peer.ask(at_connect("Need", b"{}"))) == [("it", "required")]
    assert violations(await peer.ask(at_connect("Flat", b'{"word":null}'))) == [
        ("word", "required")
    ]


async def test_a_key_comes_once_where_another_was_left_out(peer):
    twice = b'{"word":"a","word":"b"}'
    assert violations(await peer.ask(at_connect("Flat", twice))) == [("word", "duplicate")]
    assert (await peer.ask(at_connect("Flat", b'{"word":"a"}'))).json == {"value": "a"}


async def test_at_the_resource_nothing_is_left_out(peer):
    for method, given in (
        ("Need", b'{"it":{"some":[1]},"more":[]}'),
        ("Need", b'{"it":{"names":[],"some":[1],"places":{},"maybe":null}}'),
        ("Flat", b'{"word":"a"}'),
    ):
        assert (await peer.ask(at_connect(method, given))).status == 200
        assert (await peer.ask(post(REST[method], given))).status == 400


async def test_nesting_has_its_limit_in_protobufs_json_too(serve, connect_to):
    peer = await connect_to(await serve(services=(Mirror,), limits={"json_depth": 9}))

    def nested(count: int) -> bytes:
        tree = '{"nodes":[' * count + '{"number":"1"}' + "]}" * count
        return body_of(f'"node":{tree}')

    assert (await peer.ask(at_connect("Show", nested(3)))).status == 200
    for count in (4, 100, 400, 5000):
        assert (await peer.ask(at_connect("Show", nested(count)))).status == 400
    assert violations(await peer.ask(at_connect("Show", nested(100)))) == [("", "depth")]


async def test_an_integer_of_64_bits_is_answered_as_a_number(peer):
    answer = await peer.ask(at_connect("Show", body_of('"whole":"9007199254740993"')))
    assert b'"whole":9007199254740993,' in answer.body


async def test_between_hosts_nothing_of_this_is_read(serve, connect_to, tmp_path):
    await serve(services=(Mirror,), socket=tmp_path / "mirror.sock")
    peer = await connect_to(tmp_path / "mirror.sock")
    answer = await peer.ask(at_connect("Show", body_of('"whole":"12"')))
    assert violations(answer) == [("it.whole", "type int")]
