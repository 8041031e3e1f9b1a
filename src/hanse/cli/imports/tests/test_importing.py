"""Rows into a real resource over its open door: what is written, what is not, and what is refused."""

from collections import Counter
from typing import Annotated

import pytest

from hanse import Client, Entity, Indexed, Length, Principal, Resource, Unique, entity, permission
from hanse.cli.imports.importing import Importer
from hanse.cli.imports.rows import read_table
from hanse.cli.imports.target import Target, find_target, key_of, minted
from hanse.cli.refusal import Refused
from hanse.testing import World


@entity("shed.tools")
class Tool(Entity):
    """Something to work with."""

    external_id: Annotated[str, Length(1, 20), Unique()]
    label: Annotated[str, Length(1, 20), Unique()]
    kind: Annotated[str, Length(1, 20), Indexed()] = "hand"
    count: int = 1
    tags: tuple[str, ...] = ()


class Tools(Resource[Tool], read=permission("shed.read"), write=permission("shed.write")):
    """The tools of a shed."""


KEEPER = Principal("staff", "eve", frozenset({"shed.read", "shed.write"}))
CSV = "External ID,Label,Count,Tags\nh,Hammer,2,steel;wood\ns,Saw,,\n"


@pytest.fixture
async def world():
    async with World(Tools) as one:
        yield one


@pytest.fixture
def bring(world, tmp_path):
    token = minted(world._issuer, find_target(Hut(Tools), "tools"), "")

    async def bring(text, *, dry_run=False):
        path = tmp_path / "rows"
        path.write_text(text, newline="")
        async with Client(world.host.url, token=token) as client:
            importer = Importer(client.get(Tools), Tool, "external_id", dry_run=dry_run)
            with path.open(encoding="utf-8-sig", newline="") as file:
                return [one async for one in importer.run(read_table(path, file))]

    return bring


async def stored(world):
    return {one.external_id: one for one in (await world.get(Tools, as_=KEEPER).list()).items}


def verdicts(changes):
    return [(one.line, one.key, one.verdict) for one in changes]


async def test_rows_are_created_and_a_second_run_writes_nothing(world, bring):
    first, second = await bring(CSV), await bring(CSV)
    tools = await stored(world)

    assert verdicts(first) == [(2, "h", "created"), (3, "s", "created")]
    assert verdicts(second) == [(2, "h", "unchanged"), (3, "s", "unchanged")]
    assert (tools["h"].label, tools["h"].count, tools["h"].tags) == ("Hammer", 2, ("steel", "wood"))
    assert (tools["s"].count, tools["s"].kind) == (1, "hand")
    assert {one.revision for one in tools.values()} == {1}


async def test_only_what_differs_is_written_and_the_rest_stays(world, bring):
    await bring(CSV)
    held = await stored(world)
    await world.get(Tools, as_=KEEPER).update(held["h"].id, {"kind": "power"})
    changes = await bring("external_id,count,tags\nh,3,steel;wood\ns,1,\n")
    tools = await stored(world)

    assert [(one.verdict, one.fields) for one in changes] == [
        ("updated", ("count",)),
        ("unchanged", ()),
    ]
    assert (tools["h"].count, tools["h"].kind, tools["h"].tags) == (3, "power", ("steel", "wood"))


async def test_a_dry_run_says_the_same_and_writes_nothing(world, bring):
    await bring("external_id,label\nh,Hammer\n")
    changes = await bring(CSV, dry_run=True)

    assert verdicts(changes) == [(2, "h", "updated"), (3, "s", "created")]
    assert list(await stored(world)) == ["h"]


async def test_a_wrong_row_is_refused_by_name_and_the_others_are_written(world, bring):
    changes = await bring(
        "external_id,label,count\nh,Hammer,many\n,Saw,1\ns,Saw,1\ns,Saw,2\nx,,1\n"
    )
    refused = {
        one.line: [(each.field, each.rule) for each in one.violations]
        for one in changes
        if one.verdict == "refused"
    }

    assert refused == {
        2: [("count", "type int")],
        3: [("external_id", "required")],
        5: [("external_id", "unique")],
        6: [("label", "required")],
    }
    assert list(await stored(world)) == ["s"]


async def test_what_only_the_server_knows_is_refused_by_it(world, bring):
    await bring(CSV)
    changes = await bring("external_id,label\nt,Hammer\nu,Axe\ns,Hammer\n")

    assert [one.verdict for one in changes] == ["refused", "created", "refused"]
    assert "label" in changes[0].violations[0].message
    assert (await stored(world))["s"].label == "Saw"


async def test_json_says_more_than_cells_can(world, bring):
    changes = await bring(
        '[{"external_id": "h", "label": "Hammer", "tags": ["a;b"]}, {"external_id": "h2", "label": 3}]'
    )

    assert [one.verdict for one in changes] == ["created", "refused"]
    assert (await stored(world))["h"].tags == ("a;b",)


async def test_a_column_that_is_no_field_stops_everything_before_it_begins(world, bring):
    with pytest.raises(Refused, match="did you mean label"):
        await bring("external_id,lable\nh,Hammer\n")
    assert await stored(world) == {}


async def test_many_rows_go_in_by_hundreds(world, bring):
    text = "external_id,label\n" + "".join(f"k{number},Label {number}\n" for number in range(350))
    first, second = await bring(text), await bring(text)

    assert Counter(one.verdict for one in first) == {"created": 350}
    assert Counter(one.verdict for one in second) == {"unchanged": 350}


class Hut:
    """A project that lists what it is given."""

    def __init__(self, *services):
        self._services = services

    def services(self):
        return self._services


@pytest.mark.parametrize(
    "name", ["tools", "shed.tools", "shed/tools", "/shed/v1/tools", "shed/v1/tools/"]
)
def test_a_collection_is_found_by_its_name(name):
    assert find_target(Hut(Tools), name) == Target(Tools, Tool, "external_id")


@pytest.mark.parametrize(
    ("services", "name", "said"),
    [((Tools,), "tolls", "did you mean tools?"), ((), "tools", "none at all"), ((Tools,), "tools.x", "There is no collection")],
)  # fmt: skip
def test_a_name_that_means_nothing_says_what_is_there(services, name, said):
    with pytest.raises(Refused, match=said.replace("?", r"\?")):
        find_target(Hut(*services), name)


def test_a_key_may_be_said_and_has_to_be_unique():
    assert key_of(Tool, "label") == "label"
    with pytest.raises(Refused, match="kind of Tool is not unique"):
        key_of(Tool, "kind")


def test_an_import_asks_for_no_more_than_the_resource_does():
    assert find_target(Hut(Tools), "tools").permissions == {"shed.read", "shed.write"}
