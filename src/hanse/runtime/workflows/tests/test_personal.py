"""What is personal in workflows is sealed in all that is kept, and gone with its person."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
import pytest
from msgspec import Struct

from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.service import Service
from hanse.runtime.data.entity.entity import Entity, entity
from hanse.runtime.data.entity.marks import Keep, Personal
from hanse.runtime.data.personal.rotation import rotate
from hanse.runtime.errors import InvalidArgument
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.limits.limit import Limit
from hanse.runtime.workflows.operator import Operator
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.tests.hiring import (
    ADA,
    FIELD,
    GREETED,
    MARKERS,
    NAME,
    ROW,
    STREET,
    TOLD,
    Address,
    Applicant,
    Hiring,
    Mail,
    Referral,
    Report,
)
from hanse.testing import Faults, World, acting, replay

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TABLES = ("workflow", "journal", "workflow_signal", "workflow_person", "subject_key")
BOB = "applicant_bob"
DAY = timedelta(days=1)


@pytest.fixture
def faults() -> Faults:
    return Faults()


@pytest.fixture
async def world(faults: Faults) -> AsyncIterator[World]:
    async with World(Hiring, faults=faults) as made:
        with acting():
            yield made


@pytest.fixture
def hiring(world: World) -> Hiring:
    return world.host._services[0]


async def kept(world: World) -> str:
    """All that lies in the tables of workflows, as text."""
    found: list[str] = []
    for table in TABLES:
        for row in await world.database.fetch(f"select * from hanse.{table}"):
            values = (one.decode("latin-1") if isinstance(one, bytes) else one for one in row)
            found.append(" ".join(map(str, values)))
    return "\n".join(found)


def in_clear(text: str) -> set[str]:
    return {marker for marker in MARKERS if marker in text}


async def hired(world: World, hiring: Hiring, id: str = "a") -> None:
    """One whose street is awaited."""
    await hiring.apply(Applicant(ADA, NAME), id)
    await world.catch_up()


async def test_nothing_personal_lies_in_clear_and_all_of_it_comes_back(
    world: World, hiring: Hiring
) -> None:
    await hired(world, hiring)
    await hiring.apply(Applicant(BOB, "Bob"), "a")
    assert json.loads(await hiring.export(BOB))["workflows"] == []
    await hiring.move("a", STREET)
    assert in_clear(await kept(world)) == set()
    await world.catch_up()
    said = await kept(world)
    assert (in_clear(said), ADA in said) == (set(), True)
    assert await hiring.report("a") == Report(f"{GREETED} {NAME}", STREET, TOLD, len(NAME))
    with pytest.raises(InvalidArgument, match=r"`applicant\.person` names nobody"):
        await hiring.apply(Applicant("", NAME))


async def test_an_export_has_all_in_clear_and_who_looks_sees_that_it_is_sealed(
    world: World, hiring: Hiring
) -> None:
    await hired(world, hiring)
    await hiring.move("a", STREET)
    await world.catch_up()
    await hiring.workflows.start(hiring.refer, Referral(ADA, BOB, "good"), id="r")
    found = json.loads(await hiring.export(ADA))["workflows"]
    by_name = {one["name"]: one["values"] for one in found}
    assert set(by_name) == {
        "hiring.v1.Hiring/Hire",
        "hiring.v1.Hiring/Tell",
        "hiring.v1.Hiring/Refer",
    }
    mine = by_name["hiring.v1.Hiring/Hire"]
    assert mine["input"] == {"applicant": {"person": ADA, "name": NAME}}
    assert mine["0 step greet"] == {"text": f"{GREETED} {NAME}", "length": len(NAME)}
    assert mine["1 signal address"] == {"street": STREET, "country": "DE"}
    assert mine["3 child hiring.v1.Hiring/Tell"]["text"] == TOLD
    assert mine["output"]["greeting"] == f"{GREETED} {NAME}"
    assert by_name["hiring.v1.Hiring/Refer"]["input"]["referral"]["praise"] is None
    (theirs,) = json.loads(await hiring.export(BOB))["workflows"]
    assert theirs["values"]["input"]["referral"]["praise"] == "good"
    rows = await world.database.fetch("select id from hanse.workflow where key = 'a'")
    _, recording = await Operator(world.database).journal(str(rows[0]["id"]))
    said = msgspec.json.encode(recording)
    shown = json.loads(said)
    assert shown["input"] == {"applicant": {"person": ADA, "name": "(sealed)"}}
    assert shown["entries"][0]["value"] == {"text": "(sealed)", "length": len(NAME)}
    assert shown["entries"][1]["value"]["value"] == {"street": "(sealed)", "country": "DE"}
    assert in_clear(said.decode()) == set()
    assert await replay(world, Hiring.hire, said) == len(recording.entries)


async def test_an_instance_goes_on_without_what_was_erased(world: World, hiring: Hiring) -> None:
    await hired(world, hiring)
    await hiring.move("a", STREET)
    await hiring.erase(ADA)
    await rotate(world.database)
    await world.catch_up()
    assert await hiring.report("a") == Report("", "nowhere", TOLD, len(NAME))
    await hiring.erase(ADA)
    assert await hiring.report("a") == Report(length=len(NAME))
    await hiring.workflows.start(hiring.refer, Referral(ADA, BOB, "good"), id="r")
    await world.catch_up()
    await hiring.erase(BOB)
    world.clock.advance(DAY)
    await world.catch_up()
    assert hiring.log[-1] == ""


async def test_what_goes_with_its_person_ends_where_it_stands(world: World, hiring: Hiring) -> None:
    alone = await hiring.workflows.start(hiring.decide, ADA, NAME)
    board = await hiring.workflows.start(hiring.board, ADA)
    other = await hiring.workflows.start(hiring.decide, BOB, "Bob")
    await world.catch_up()
    assert sorted(hiring.log) == ["note Bob", f"note {NAME}", f"note {NAME}"]
    assert await hiring.erase(ADA) == 2
    await world.catch_up()
    said = await kept(world)
    assert (in_clear(said), ADA in said.replace(f'"person":"{ADA}"', "")) == (set(), False)
    world.clock.advance(DAY)
    await world.catch_up()
    gone = await hiring.standing(hiring.decide, alone)
    assert (gone.state, type(gone.error).__name__) == ("canceled", "WorkflowErased")
    assert (await hiring.standing(hiring.board, board)).result.startswith("WorkflowErased")
    assert (await hiring.standing(hiring.decide, other)).result == "decided"
    assert await hiring.erase(ADA) == 0


async def test_who_has_no_key_any_more_is_read_by_nobody_before_the_erasure_is_through(
    world: World, hiring: Hiring
) -> None:
    alone = await hiring.workflows.start(hiring.decide, ADA, NAME)
    await world.catch_up()
    await world.database.execute("delete from hanse.subject_key")
    world.clock.advance(DAY)
    await world.catch_up()
    gone = await hiring.standing(hiring.decide, alone)
    assert (gone.state, gone.result) == ("canceled", None)
    assert hiring.log == [f"note {NAME}"]


MOVES = {
    "to another instance": "update hanse.journal a set value = b.value from hanse.journal b, "
    "hanse.workflow v, hanse.workflow w where a.workflow = v.id and v.key = $1 and "
    "b.workflow = w.id and w.key = 'whole' and a.place = 0 and b.place = 0",
    "to another value": "update hanse.workflow w set input = convert_to(jsonb_set("
    "convert_from(w.input, 'UTF8')::jsonb, '{applicant,name}', "
    "convert_from(j.value, 'UTF8')::jsonb -> 'text')::text, 'UTF8') "
    "from hanse.journal j where j.workflow = w.id and w.key = $1 and j.place = 0",
}


async def test_what_is_sealed_opens_nowhere_else(world: World, hiring: Hiring) -> None:
    for id in MOVES:
        await hiring.apply(Applicant(ADA, NAME), id)
    await hired(world, hiring, "whole")
    for id, statement in MOVES.items():
        assert await world.database.execute(statement, id) == 1
        await hiring.move(id, STREET)
    await world.catch_up()
    for id in MOVES:
        held = await hiring.standing(hiring.hire, id)
        assert (held.state, held.error and held.error.code) == ("held", "broken_seal"), id


async def test_a_person_may_be_an_address_that_is_sealed_itself(
    world: World, hiring: Hiring
) -> None:
    mail = f"{NAME}@example.org"
    await hiring.workflows.start(hiring.subscribe, Mail(mail), id="m")
    assert in_clear(await kept(world)) == set()
    assert NAME in await hiring.export(mail)
    await world.catch_up()
    world.clock.advance(DAY)
    await world.catch_up()
    assert (await hiring.standing(hiring.subscribe, "m")).result == Mail(mail)
    await hiring.erase(mail)
    assert (await hiring.standing(hiring.subscribe, "m")).result == Mail("")


async def test_what_a_transaction_undid_is_sealed_anew_and_what_failed_is_tried_again(
    world: World, hiring: Hiring, faults: Faults
) -> None:
    faults.at("workflow.transaction_kept").fail()
    await hiring.workflows.start(hiring.lodge, ADA, id="lodge")
    await world.catch_up()
    for _ in range(2):
        world.clock.advance(DAY)
        await world.catch_up()
    assert (await hiring.standing(hiring.lodge, "lodge")).result == Address(STREET)
    await hired(world, hiring, "again")
    hiring.broken = True
    await hiring.move("again", STREET)
    await world.catch_up()
    assert (await hiring.standing(hiring.hire, "again")).state == "failed"
    hiring.broken = False
    rows = await world.database.fetch("select id from hanse.workflow where key = 'again'")
    await Operator(world.database).retry(str(rows[0]["id"]))
    await world.catch_up()
    assert (await hiring.report("again")).street == STREET


class Keeping(Struct, frozen=True):
    person: str
    bill: Annotated[str, Personal(erase=Keep(days=1, reason="tax"))] = ""


class Clear(Struct, frozen=True):
    person: str
    town: Annotated[str, Personal(erase="field", sealed=False)] = ""


class Login(Struct, frozen=True):
    person: str
    password: Secret


class Required(Struct, frozen=True):
    person: str
    name: Annotated[str, FIELD]


class Name(Struct, frozen=True):
    person: str
    name: Annotated[str, ROW] | None = None


@entity("hired.staff", person="id")
class Staff(Entity):
    name: Annotated[str, ROW]


class Team(Struct, frozen=True):
    lead: Staff


REFUSED: dict[str, tuple[Any, dict[str, Any], str]] = {
    "nobody's": (Name, {}, "nothing says whose it is → @workflow"),
    "no such person": (Name, {"person": "one.owner"}, "no text that could hold a person's id"),
    "kept longer": (Keeping, {"person": "one.person"}, "is kept longer than its person"),
    "in clear": (Clear, {"person": "one.person"}, "nothing erases a journal → take sealed=False"),
    "a secret": (Login, {"person": "one.person"}, "Login.password is a Secret, .* → keep it in a"),
    "no default": (Required, {"person": "one.person"}, "has no default"),
    "in a list": (tuple[Name, ...], {"person": "one"}, "put the mark at the whole"),
    "inside": (Team, {"person": "one.lead.id"}, "Staff says whose it is, and stands inside"),
    "a limit": (
        Name,
        {"person": "one.person", "limit": Limit(by="one.name", running=1)},
        "its limit is by one.name, which is personal",
    ),
}


@pytest.mark.parametrize(("kind", "said", "match"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_kept_is_told_when_the_class_is_made(
    kind: Any, said: dict[str, Any], match: str
) -> None:
    async def go(self: Any, run: Run, one: Any) -> None: ...

    go.__annotations__.update(run="Run", one=kind)
    with pytest.raises(DeclarationError, match=match):
        type("Refused", (Service,), {"go": workflow(version=1, **said)(go)}, package="refused.v1")
