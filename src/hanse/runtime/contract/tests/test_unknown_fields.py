"""Fields that a value has no place for are counted wherever they stand, and nothing else is."""

from collections.abc import Mapping

import msgspec
import pytest
from msgspec import Struct

from hanse.runtime.contract.unknown_fields import unknown_fields


class Leaf(Struct, frozen=True, rename="camel", omit_defaults=True):
    long_name: int = 0


class Card(Struct, frozen=True, tag="card", tag_field="kind"):
    number: int = 0


class Transfer(Struct, frozen=True, tag="transfer", tag_field="kind"):
    iban: str = ""


class Tree(Struct, frozen=True):
    leaf: Leaf = Leaf()
    leaves: tuple[Leaf, ...] = ()
    by_name: Mapping[str, Leaf] = {}
    pays: Card | Transfer | None = None
    trees: tuple["Tree", ...] = ()
    note: str | None = None


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("{}", 0),
        ('{"leaf":{"longName":1},"by_name":{"any":{},"name":{}},"note":null}', 0),
        ('{"pays":{"kind":"card","number":1}}', 0),
        ('{"x":1}', 1),
        ('{"x":{"y":1,"z":2}}', 1),
        ('{"leaf":{"long_name":1}}', 1),
        ('{"leaves":[{},{"x":1},{"x":1,"y":2}]}', 3),
        ('{"by_name":{"a":{"x":1}}}', 1),
        ('{"pays":{"kind":"transfer","number":1}}', 1),
        ('{"trees":[{"trees":[{"x":1}],"y":2}],"z":[]}', 3),
    ],
)
def test_they_are_counted_wherever_they_stand(body, count):
    value = msgspec.json.decode(body, type=Tree)

    assert unknown_fields(value, body.encode()) == count
