"""Two releases on one table: whatever one does not know survives all that it writes."""

import asyncio
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from hanse.runtime.contract.rules import Length
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.data.database import Database
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.table.table import make_table
from hanse.runtime.identity.principal import VISITOR
from hanse.testing import PostgresServer
from hanse.testing.acting import acting

Text = Annotated[str, Length(0, 5)]


class Cat(Struct, frozen=True, tag="cat"):
    lives: int = 9


class Dog(Struct, frozen=True, tag="dog"):
    tricks: int = 0


class Deep(Struct, frozen=True):
    level: int = 0


class Inner(Struct, frozen=True):
    text: Text
    deep: Deep = Deep()
    maybe: Deep | None = None
    items: tuple[Deep, ...] = ()


@entity("shop.things")
class Thing(Entity):
    """What the older release knows."""

    name: Text
    inner: Inner | None = None
    plain: Mapping[str, int] = {}
    items: tuple[Inner, ...] = ()
    named: Mapping[str, Deep] = {}
    pet: Cat | Dog | None = None


PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
"""A failing example is told as it is: to make it smaller takes a database minutes."""

KNOWN = {
    Thing: {"name", "inner", "plain", "items", "named", "pet"},
    Inner: {"text", "deep", "maybe", "items"},
    Deep: {"level"},
}
EXTRA = st.dictionaries(
    st.sampled_from(["new", "newer"]), st.integers() | st.just({"any": [None]}), max_size=2
)
deeps = st.builds(Deep, st.integers(0, 3))
inners = st.builds(
    Inner,
    st.text("ab", max_size=2),
    deeps,
    st.none() | deeps,
    st.lists(deeps, max_size=3).map(tuple),
)
things = st.builds(
    Thing,
    st.text("ab", max_size=2),
    st.none() | inners,
    st.dictionaries(st.sampled_from("xyz"), st.integers(0, 9), max_size=2),
    st.lists(inners, max_size=3).map(tuple),
    st.dictionaries(st.sampled_from("xyz"), deeps, max_size=2),
    st.none() | st.builds(Cat, st.integers(0, 9)) | st.builds(Dog, st.integers(0, 9)),
)


@st.composite
def newer(draw: Any, value: Any) -> Any:
    """A document with more in it, at any depth, than this release knows."""
    if isinstance(value, dict):
        inner = {
            key: {name: draw(newer(one)) for name, one in value[key].items()}
            if key in {"plain", "named"}  # maps, whose keys are anybody's
            else draw(newer(value[key]))
            for key in value
        }
        return inner | draw(EXTRA)
    if isinstance(value, list):
        return [draw(newer(one)) for one in value]
    return value


@pytest.fixture(scope="module")
def world():
    with PostgresServer() as server, asyncio.Runner() as runner:
        url = runner.run(server.create())
        database = Database(server.config(url))
        runner.run(database.__aenter__())
        collection = Collection(Thing, database)
        runner.run(make_table(database, collection.model))

        def run(steps):
            async def as_somebody():
                with acting(VISITOR, site="a", locale="en"):
                    return await steps(collection, database)

            return runner.run(as_somebody())

        yield run
        runner.run(database.__aexit__())


async def overwritten(database, document) -> None:
    await database.execute("update shop.things set doc = $1", msgspec.json.encode(document))


async def document_in(database) -> dict[str, Any]:
    return msgspec.json.decode((await database.fetch_row("select doc from shop.things"))["doc"])


def plain_of(thing: Thing) -> dict[str, Any]:
    whole = msgspec.json.decode(msgspec.json.encode(thing))
    return {name: whole[name] for name in KNOWN[Thing]}


def extras(value: Any) -> dict[str, Any]:
    return {key: value[key] for key in ("new", "newer") if isinstance(value, dict) and key in value}


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(things, things, st.data())
def test_what_is_replaced_keeps_what_only_the_newer_release_knows(world, before, after, data):
    async def steps(collection, database):
        await database.execute("delete from shop.things")
        made = await collection.create(before)
        stored = data.draw(newer(plain_of(before)))
        await overwritten(database, stored)

        read = await collection.replace(after, id=made.id)

        written = await document_in(database)
        assert plain_of(read) == plain_of(after)
        assert plain_of(await collection.get(made.id)) == plain_of(after)
        assert extras(written) == extras(stored)
        if before.inner and after.inner:
            assert extras(written["inner"]) == extras(stored["inner"])
            assert extras(written["inner"]["deep"]) == extras(stored["inner"]["deep"])
        if type(before.pet) is type(after.pet):
            assert extras(written["pet"]) == extras(stored["pet"])
        for key in set(before.named) & set(after.named):
            assert extras(written["named"][key]) == extras(stored["named"][key])
        if (
            len(before.items) == len(after.items)
            and len(set(before.items) | set(after.items)) == len(before.items) * 2
        ):
            assert list(map(extras, written["items"])) == list(map(extras, stored["items"]))

    world(steps)


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(things, st.permutations(range(3)), st.data())
def test_items_that_stay_keep_theirs_wherever_they_go(world, before, order, data):
    before = msgspec.structs.replace(before, items=tuple(Inner(text) for text in "abc"))

    async def steps(collection, database):
        await database.execute("delete from shop.things")
        made = await collection.create(before)
        stored = data.draw(newer(plain_of(before)))
        await overwritten(database, stored)

        await collection.update(made.id, {"items": [{"text": "abc"[at]} for at in order[:2]]})

        written = await document_in(database)
        assert [extras(one) for one in written["items"]] == [
            extras(stored["items"][at]) for at in order[:2]
        ]
        assert {key: one for key, one in written.items() if key != "items"} == {
            key: one for key, one in stored.items() if key != "items"
        }

    world(steps)


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), phases=PHASES)
@given(
    things,
    things,
    st.sets(
        st.sampled_from(
            ["name", "inner", "plain", "items", "named", "pet", "inner.deep", "inner.deep.level"]
        )
    ),
    st.data(),
)
def test_a_mask_changes_what_it_names_and_leaves_all_else(world, before, after, mask, data):
    if any(name.startswith("inner.") for name in mask) and (
        before.inner is None or after.inner is None
    ):
        mask = {name for name in mask if not name.startswith("inner.")}

    async def steps(collection, database):
        await database.execute("delete from shop.things")
        made = await collection.create(before)
        stored = data.draw(newer(plain_of(before)))
        await overwritten(database, stored)
        await collection.update(made.id, plain_of(after), mask=sorted(mask) or ["name"])

        read, written = await collection.get(made.id), await document_in(database)
        for name in KNOWN[Thing] - {one.partition(".")[0] for one in mask or {"name"}}:
            assert written[name] == stored[name]
        for name in (mask or {"name"}) & KNOWN[Thing]:
            assert getattr(read, name) == getattr(after, name)
        if "inner" not in mask and mask & {"inner.deep", "inner.deep.level"}:
            assert read.inner.deep == after.inner.deep
            assert read.inner.text == before.inner.text
            assert extras(written["inner"]) == extras(stored["inner"])
        assert extras(written) == extras(stored)

    world(steps)


def test_while_somebody_else_writes_the_merge_begins_anew(world):
    async def steps(collection, database):
        await database.execute("delete from shop.things")
        made = await collection.create(Thing("a"))
        await asyncio.gather(
            *(collection.update(made.id, {"items": [{"text": str(at)}]}) for at in range(3)),
            *(collection.update(made.id, {"plain": {"x": at}}) for at in range(3)),
        )
        read = await collection.get(made.id)
        assert read.revision == 7
        assert len(read.items) == len(read.plain) == 1

    world(steps)
