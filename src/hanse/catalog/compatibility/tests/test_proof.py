"""The rules' words are true: what passes is really read by the other release, and what does not fails.

Values of each release are written and read by the types of both, through the runtime's own readers
of requests, answers, documents and workflows.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec
import pytest

from hanse import ConfigurationError, HanseError, Sources
from hanse.catalog.compatibility.gate import breaking
from hanse.catalog.compatibility.rules import enums, fields, types, validation
from hanse.catalog.compatibility.rules.flow import by_name
from hanse.catalog.compatibility.rules.types import reads
from hanse.catalog.compatibility.tests.pairs import PAIRS, Pair
from hanse.catalog.compatibility.tests.released import Release, release
from hanse.catalog.compatibility.tests.samples import objects, samples
from hanse.runtime.config.secret import encode_secret
from hanse.runtime.config.settings import load
from hanse.runtime.contract.description import Scalar
from hanse.runtime.data.collection.document import Documents
from hanse.runtime.description.service_description import DocumentDescription
from hanse.runtime.errors import fields_type, rebuilt

_encode = msgspec.json.Encoder(enc_hook=encode_secret).encode

OF_VALUES = {rule.id for noun in (fields, types, enums, validation) for rule in noun.RULES}
PROVEN = [
    pair
    for pair in PAIRS
    if pair.rule in OF_VALUES
    and not any(one in pair.place for one in ("Boxes/", " error ", "[settings"))
]
"""Rules that are about values: those of errors and settings have tests of their own below."""


class Channel(NamedTuple):
    """One way of values between two releases.

    Attributes:
        kind: As of a `Flow`.
        given: JSON values, some of which the writer would not write.
        write: What the writer makes of a value: its JSON, and what it means to it.
        read: What that means to the reader.
        sparse: Whether it also goes as it was given, with fields lacking.
    """

    kind: str
    given: Iterable[Any]
    write: Callable[[bytes], Any]
    read: Callable[[bytes], Any]
    sparse: bool

    def broken(self) -> str:
        """Why one cannot read what the other writes; empty if it can, and it means the same."""
        for value in self.given:
            text = msgspec.json.encode(value)
            try:
                meant = self.write(text)
            except (msgspec.MsgspecError, HanseError):
                continue  # it breaks the writer's own bounds
            for sent in {_encode(meant), *([text] if self.sparse else [])}:
                try:
                    got = self.read(sent)
                except (msgspec.MsgspecError, HanseError) as error:
                    return f"{sent!r}: {error}"
                if why := _otherwise(plain(meant), plain(got), self.kind):
                    return f"{sent!r}: {why}"
        return ""


def plain(value: Any) -> Any:
    """All that a value says, what is at its default as well."""
    match value:
        case msgspec.Struct():
            names = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
            there = ((told, getattr(value, name)) for told, name in names)
            return {told: plain(one) for told, one in there if one is not msgspec.UNSET}
        case Mapping():
            return {key: plain(one) for key, one in value.items()}
        case frozenset():
            return sorted(map(plain, value), key=str)
        case tuple() | list():
            return [plain(one) for one in value]
        case _:
            return msgspec.to_builtins(value, enc_hook=encode_secret)


def _otherwise(meant: Any, got: Any, kind: str) -> str:
    """What one of two values says and the other does not, of all that both know."""
    if isinstance(meant, dict) and isinstance(got, dict):
        lost = meant.keys() - got.keys() if kind == "request" else set()
        made_up = got.keys() - meant.keys() if kind in ("answer", "new event") else set()
        if lost or made_up:
            return f"{lost or made_up}"
        inner = (_otherwise(meant[key], got[key], kind) for key in meant.keys() & got.keys())
    elif isinstance(meant, list | tuple) and isinstance(got, list | tuple):
        if len(meant) != len(got):
            return f"{meant!r} is {got!r}"
        inner = (_otherwise(*pair, kind) for pair in zip(meant, got, strict=True))
    else:
        same = meant == got or str(meant) == str(got)
        return (
            ""
            if same and isinstance(meant, bool) == isinstance(got, bool)
            else f"{meant!r} is {got!r}"
        )
    return next(filter(None, inner), "")


def channels(before: Release, after: Release) -> Iterator[Channel]:
    """All ways of values that two releases have in common."""
    was, now = (_services(one) for one in (before, after))
    for name in was.keys() & now.keys():
        yield from _calls(was[name], now[name])
        yield from _workflows(was[name], now[name])
    yield from _documents(before, after)
    yield from _events(before, after)


def _services(one: Release) -> dict[str, tuple[Any, Any]]:
    classes = {f"shop:{name}": value for name, value in vars(one.module).items()}
    return {service.name: (service, classes[service.listed]) for service in one.project.services}


def _calls(was: Any, now: Any) -> Iterator[Channel]:
    before, after = (cls.__contract__.methods for _, cls in (was, now))
    told = [{one.name: one for one in service.contract.methods} for service, _ in (was, now)]
    shapes = [by_name(service.contract.types) for service, _ in (was, now)]
    for name in before.keys() & after.keys():
        given = objects(told[0][name].arguments, shapes[0], sparse=True)
        yield Channel(
            "request", given, before[name].read_arguments, after[name].read_arguments, sparse=True
        )
        given = samples(told[1][name].result, shapes[1], sparse=False)
        yield Channel(
            "answer", given, after[name].read_answer, before[name].read_answer, sparse=False
        )


def _workflows(was: Any, now: Any) -> Iterator[Channel]:
    models = [
        {(m.name, m.version): m for m in cls.__unasked__ if hasattr(m, "version")}
        for _, cls in (was, now)
    ]
    told = [{(w.name, w.version): w for w in service.workflows} for service, _ in (was, now)]
    for key in models[0].keys() & models[1].keys():
        for old, new in ((0, 1), (1, 0)):
            one, shapes = told[old][key], by_name(told[old][key].types)
            writer, reader = models[old][key], models[new][key]
            given = objects(one.arguments, shapes, sparse=old == 0)
            yield Channel(
                "workflow",
                given,
                writer.method.read_arguments,
                reader.method.read_arguments,
                sparse=old == 0,
            )
            given = samples(one.result, shapes, sparse=False)
            yield Channel("workflow", given, writer.result.read, reader.result.read, sparse=False)


def _documents(before: Release, after: Release) -> Iterator[Channel]:
    kept = [
        {d.table: d for s in one.project.services for d in s.documents} for one in (before, after)
    ]
    for table in kept[0].keys() & kept[1].keys():
        sides = [
            (one[table], _of_table(each, table))
            for one, each in zip(kept, (before, after), strict=True)
        ]
        for old in (True, False):
            (one, writer), (other, reader) = sides if old else sides[::-1]
            sparse = old and one.shape == other.shape
            given = objects(one.fields, by_name(one.types), sparse=sparse)
            yield Channel(
                "document", given, _stored(one, writer), _stored(one, reader), sparse=sparse
            )


def _of_table(one: Release, table: str) -> Any:
    models = (
        vars(value).get("__entity__")
        for value in vars(one.module).values()
        if isinstance(value, type)
    )
    return next(model for model in models if model is not None and model.full_table == table)


def _stored(wrote: DocumentDescription, model: Any) -> Callable[[bytes], Mapping[str, Any]]:
    documents = Documents(model)

    def read(text: bytes) -> Mapping[str, Any]:
        now = datetime.datetime(2026, 11, 30, tzinfo=datetime.UTC)
        row = {"id": uuid.UUID(int=1), "revision": 1, "create_time": now, "update_time": now}
        item = documents.stored(row | {"delete_time": None, "shape": wrote.shape, "doc": text})
        return {name: getattr(item, name) for name in model.names}

    return read


def _events(before: Release, after: Release) -> Iterator[Channel]:
    told = [{e.name: e for s in one.project.services for e in s.taken} for one in (before, after)]
    for name in told[0].keys() & told[1].keys():
        readers = [
            msgspec.json.Decoder(getattr(one.module, name)).decode for one in (before, after)
        ]
        for old, new in ((0, 1), (1, 0)):
            one = told[old][name]
            given = objects(one.fields, by_name(one.types), sparse=old == 0)
            yield Channel(
                "old event" if old == 0 else "new event",
                given,
                readers[old],
                readers[new],
                sparse=old == 0,
            )


def broken(before: Release, after: Release) -> list[str]:
    return [f"{one.kind} {why}" for one in channels(before, after) if (why := one.broken())]


@pytest.mark.parametrize("pair", PROVEN, ids=[pair.id for pair in PROVEN])
def test_what_is_judged_breaking_really_fails_or_means_something_else(pair: Pair):
    before, after = release(pair.before), release(pair.breaking)
    assert broken(before, after), breaking(before.project, after.project)


@pytest.mark.parametrize("pair", PAIRS, ids=[pair.id for pair in PAIRS])
def test_what_is_judged_compatible_is_really_read_and_means_the_same(pair: Pair):
    assert broken(release(pair.before), release(pair.compatible)) == []


VALUES: dict[str, tuple[Any, list[Any]]] = {
    "string": (str, ["", "x", "12", "2026-11-30"]),
    "integer": (int, [0, -5, 2**60]),
    "number": (float, [1.5, 1.0, -2e30]),
    "boolean": (bool, [True]),
    "bytes": (bytes, [b"abc", b"\xff\xfe"]),
    "datetime": (datetime.datetime, [datetime.datetime(2026, 1, 1, tzinfo=datetime.UTC)]),
    "date": (datetime.date, [datetime.date(2026, 1, 1)]),
    "time": (datetime.time, [datetime.time(1, 2, 3)]),
    "duration": (datetime.timedelta, [datetime.timedelta(seconds=5), datetime.timedelta(days=400, milliseconds=1)]),
    "uuid": (uuid.UUID, [uuid.UUID(int=5)]),
    "decimal": (decimal.Decimal, [decimal.Decimal("1.5")]),
    "null": (type(None), [None]),
}  # fmt: skip


@pytest.mark.parametrize("writer", VALUES)
@pytest.mark.parametrize("reader", VALUES)
def test_of_two_scalars_one_is_judged_to_be_read_as_the_other_where_it_is(writer: str, reader: str):
    kind, texts = VALUES[reader][0], [msgspec.json.encode(value) for value in VALUES[writer][1]]
    try:
        for text in texts:
            msgspec.json.decode(text, type=kind)
        really = True
    except msgspec.ValidationError:
        really = False
    assert reads(Scalar(reader), Scalar(writer)) == really


@pytest.mark.parametrize(
    "pair", [pair for pair in PAIRS if " error " in pair.place], ids=lambda pair: pair.id
)
def test_an_error_that_is_judged_compatible_comes_as_what_it_is(pair: Pair):
    before, breaks, passes = (
        getattr(release(one).module, "Full", None)
        for one in (pair.before, pair.breaking, pair.compatible)
    )
    assert before is not None
    assert passes is not None
    assert type(_met(passes, before)) is before
    if breaks is not None:
        met = _met(breaks, before)
        assert type(met) is not before or met.status != breaks.status


def _met(raised: type[HanseError], known: type[HanseError]) -> HanseError:
    """An error as who knows another release of it meets it."""
    values = (
        {"left": 3, "more": 4}
        if raised.__annotations__.get("left") is not str
        else {"left": "three"}
    )
    names = fields_type(raised).__struct_fields__
    error = raised(
        "It is full.", **{name: value for name, value in values.items() if name in names}
    )
    return rebuilt(known, error.detail, msgspec.json.encode(error.fields()))


@pytest.mark.parametrize(
    "pair", [pair for pair in PAIRS if pair.place.startswith("[settings")], ids=lambda pair: pair.id
)
def test_what_a_deployment_says_is_taken_by_what_is_judged_compatible_and_by_nothing_else(
    pair: Pair,
):
    kinds = [
        release(one).module.ThingsSettings for one in (pair.before, pair.breaking, pair.compatible)
    ]
    said = [{}, {"size": 9}, {"size": 1}, {"name": "a"}]
    takes = [[_starts(kind, values) for values in said] for kind in kinds]
    assert any(was and not now for was, now in zip(takes[0], takes[1], strict=True))
    assert not any(was and not now for was, now in zip(takes[0], takes[2], strict=True))


def _starts(kind: Any, values: dict[str, Any]) -> bool:
    try:
        load({"things": kind}, Sources(tables={"things": values}))
    except ConfigurationError:
        return False
    return True
