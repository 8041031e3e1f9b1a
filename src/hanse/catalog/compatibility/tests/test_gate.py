"""Whom a release breaks: those who call and take, by what each of them knows; and nobody else."""

from datetime import date

import pytest

from hanse import ConfigurationError
from hanse.catalog.compatibility.exceptions import Allowed, read_exceptions, without_allowed
from hanse.catalog.compatibility.finding import Finding
from hanse.catalog.compatibility.gate import OUTSIDE, Around, breaking
from hanse.catalog.compatibility.tests.pairs import ENUM, TWO, WIDE, runs, told
from hanse.catalog.compatibility.tests.released import Release, release

TILL = """
{types}
class Receipt(Struct, frozen=True):
    cents: int
    {field}

class Till(Contract, package="till.v1"):
    @rpc(allow=PUBLIC)
    async def charge(self, cents: int{argument}) -> Receipt: ...
    {more}

class Tills(Service, Till):
    async def charge(self, cents: int{argument}) -> Receipt: ...
    {served}
"""
REFUND = "@rpc(allow=PUBLIC)\n    async def refund(self) -> None: ..."
SERVED = "async def refund(self) -> None: ..."
CALLER = """
class {name}(Service, package="shop.v1"):
    def __init__(self, till: Till) -> None:
        self._till = till

    @workflow(version=1)
    async def go(self, run: Run) -> None:
        await self._till.{calls}()
"""


def till(
    *callers: str, field: str = "", argument: str = "", refund: bool = True, types: str = ""
) -> Release:
    own = TILL.format(
        types=types, field=field, argument=argument,
        more=REFUND if refund else "", served=SERVED if refund else "",
    )  # fmt: skip
    named = (
        CALLER.format(name=name, calls=calls)
        for name, _, calls in (one.partition(".") for one in callers)
    )
    return release(own + "".join(named))


def test_who_calls_what_is_gone_is_named_and_who_does_not_is_left_alone():
    before = till("Orders.charge", "Returns.refund")
    (found,) = breaking(
        before.project, till("Orders.charge", "Returns.charge", refund=False).project
    )
    assert (found.rule, found.place, found.breaks) == (
        "method_removed",
        "till.v1.Till/refund",
        ("shop.v1.Returns",),
    )


def test_an_internal_method_goes_when_nobody_who_runs_calls_it():
    assert (
        breaking(till("Orders.charge").project, till("Orders.charge", refund=False).project) == ()
    )


def test_all_who_are_broken_at_one_place_are_told_once():
    before = till("Orders.charge", "Carts.charge", "Returns.refund")
    after = till("Orders.charge", "Carts.charge", "Returns.refund", argument=", at: str")
    (found,) = breaking(before.project, after.project)
    assert (found.rule, found.place) == ("field_required", "till.v1.Till/charge request at")
    assert found.breaks == ("shop.v1.Carts", "shop.v1.Orders")


def test_a_caller_that_was_released_with_the_wider_type_is_not_broken_by_it():
    """Which is how widening takes two releases: first those who read it, then who writes it."""
    narrow = till("Orders.charge", field="state: State", types=ENUM)
    wide = till("Orders.charge", field="state: State", types=WIDE)
    (found,) = breaking(narrow.project, wide.project)
    assert (found.rule, found.breaks) == ("enum_widened", ("shop.v1.Orders",))
    assert "two releases" in found.remedy

    still_narrow = next(one for one in narrow.project.services if one.name == "till.v1.Till")
    callers_first = tuple(
        still_narrow if one.name == "till.v1.Till" else one for one in wide.project.services
    )
    between = type(wide.project)("shop", callers_first)
    assert breaking(narrow.project, between) == ()
    assert breaking(between, wide.project) == ()


def test_services_beside_the_project_are_asked_as_well():
    before, after = till(), till(argument=", at: str")
    beside = [one for one in till("Orders.charge").project.services if one.name == "shop.v1.Orders"]
    assert breaking(before.project, after.project) == ()
    (found,) = breaking(before.project, after.project, Around(beside))
    assert found.breaks == ("shop.v1.Orders",)


def test_services_leave_nothing_out_and_clients_outside_do():
    def things(number: int, route: str) -> Release:
        return release(f"""
class Things(Service, package="shop.v1"):
    @rpc({route}allow=PUBLIC)
    async def make(self, box: int = {number}) -> None: ...

class Orders(Service, package="orders.v1"):
    def __init__(self, things: Things) -> None:
        self._things = things

    @rpc(allow=PUBLIC)
    async def go(self) -> None:
        await self._things.make()
""")

    inside = breaking(things(1, "").project, things(2, "").project)
    outside = breaking(*(things(number, '"POST /shop/v1/things", ').project for number in (1, 2)))
    assert inside == ()
    assert [(one.rule, one.breaks) for one in outside] == [("default_changed", (OUTSIDE,))]


def test_an_event_that_nobody_takes_may_become_anything():
    alone = told("box: str; size: int").partition("class Notices")[0]
    other = told("box: str; size: str").partition("class Notices")[0]
    assert breaking(release(alone).project, release(other).project) == ()


def test_who_takes_events_is_told_of_those_that_were_told_long_ago():
    before, after = release(told("box: str")), release(told("box: str; size: int"))
    (found,) = breaking(before.project, after.project)
    assert (found.rule, found.place, found.breaks) == (
        "field_required", "shop.v1.Packed size", ("notices.v1.Notices",),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("living", "number"),
    [
        (None, 1),
        ({}, 0),
        ({("shop.v1.Things/Pack", 1): 3}, 0),
        ({("shop.v1.Things/Pack", 2): 3}, 1),
    ],
    ids=["nobody knows", "none", "of the version that stays", "of the one that goes"],
)
def test_a_version_goes_when_no_instance_of_it_is_under_way(living, number):
    before, after = release(TWO).project, release(runs("box: str")).project
    found = breaking(before, after, Around(living=living))
    assert [one.rule for one in found] == ["workflow_version_dropped"] * number


def test_a_service_that_is_gone_drops_its_workflows_too():
    before = release(TWO).project
    found = breaking(
        before, type(before)("shop", ()), Around(living={("shop.v1.Things/Pack", 1): 1})
    )
    assert [(one.rule, one.place) for one in found] == [
        ("workflow_version_dropped", "shop.v1.Things/Pack 1")
    ]
    assert "instances under way: 1." in found[0].says


TODAY = date(2026, 11, 30)
FOUND = (
    Finding("enum_widened", "shop.boxes state", "…", ("shop.v1.Things",), "…"),
    Finding("enum_widened", "shop.boxes kind", "…", ("shop.v1.Things",), "…"),
)


def allowed(
    place: str = "shop.boxes state", rule: str = "enum_widened", until: date = TODAY
) -> Allowed:
    return Allowed(rule, place, "nothing writes it before 0.3", until)


def test_what_is_allowed_stands_no_more_and_all_else_does():
    stand, let_go = without_allowed(FOUND, (allowed(),), TODAY)
    assert (stand, let_go) == (FOUND[1:], FOUND[:1])


def test_an_exception_holds_through_its_last_day_and_no_longer():
    stand, let_go = without_allowed(FOUND, (allowed(until=date(2026, 11, 29)),), TODAY)
    assert let_go == ()
    assert [one.rule for one in stand] == ["enum_widened", "enum_widened", "exception_expired"]
    assert "nothing writes it before 0.3" in stand[-1].says


@pytest.mark.parametrize(
    "one", [allowed("shop.boxes size"), allowed(rule="enum_narrowed")], ids=["place", "rule"]
)
def test_an_exception_for_what_does_not_occur_is_told(one: Allowed):
    stand, let_go = without_allowed(FOUND, (one,), TODAY)
    assert let_go == ()
    assert [(each.rule, each.place) for each in stand[2:]] == [("exception_unused", one.place)]


def test_exceptions_are_read_from_a_table():
    text = """
        [[allowed]]
        rule = "enum_widened"
        place = "shop.boxes state"
        reason = "nothing writes it before 0.3"
        until = 2026-11-30
    """
    assert read_exceptions(text) == (allowed(),)
    assert read_exceptions("") == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[allowed]]\nrule = 'enum_widened'\nplace = 'x'\nuntil = 2026-11-30", "missing required field `reason`"),
        ("[[allowed]]\nrule = 'enum_widened'\nplace = 'x'\nreason = 'so'\nuntil = 2026-11-30", "length >= 10"),
        ("[[allowed]]\nrule = 'enum_widened'\nplace = 'x'\nreason = 'nothing writes it'", "missing required field `until`"),
        ("[[allowed]]\nrule = 'all'\nplace = 'x'\nreason = 'nothing writes it'\nuntil = 2026-11-30", "there is no rule all"),
        ("[allow]", "unknown field `allow`"),
        ("[", "compatibility.toml: "),
    ],
)  # fmt: skip
def test_an_exception_says_what_why_and_until_when(text: str, said: str):
    with pytest.raises(ConfigurationError) as refused:
        read_exceptions(text)
    assert said in refused.value.problems[0]
