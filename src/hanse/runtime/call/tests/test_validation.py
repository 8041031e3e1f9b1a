"""Arguments and answers are checked alike, wherever caller and callee are."""

from datetime import UTC, datetime

import pytest

from hanse.runtime.call.tests.warehouse import Card, Line, Order, Receipt, Transfer
from hanse.runtime.errors import Internal, InvalidArgument

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
GOOD = Order((Line("apple", 2),), Card("1"), NOON)

# What is sent → field and rule of the violation.
WRONG = {
    "pattern": (Order((Line("APPLE"),), Card("1"), NOON), "order.lines[0].sku", "matching regex '^[a-z]+$'"),
    "too_long": (Order((Line("apple" * 3),), Card("1"), NOON), "order.lines[0].sku", "length <= 10"),
    "too_short": (Order((Line(""),), Card("1"), NOON), "order.lines[0].sku", "length >= 1"),
    "too_many": (Order((Line("a", 1001),), Card("1"), NOON), "order.lines[0].quantity", "<= 1000"),
    "too_few": (
        Order((Line("a"), Line("b", 0)), Card("1"), NOON), "order.lines[1].quantity", ">= 1",
    ),
    "no_lines": (Order((), Card("1"), NOON), "order.lines", "length >= 1"),
    "four_lines": (Order((Line("a"),) * 4, Card("1"), NOON), "order.lines", "length <= 3"),
    "text_for_int": (Order((Line("a", "2"),), Card("1"), NOON), "order.lines[0].quantity", "type int"),
    "bool_for_int": (Order((Line("a", True),), Card("1"), NOON), "order.lines[0].quantity", "type int"),
    "float_for_int": (Order((Line("a", 1.5),), Card("1"), NOON), "order.lines[0].quantity", "type int"),
    "nan_for_int": (
        Order((Line("a", float("nan")),), Card("1"), NOON), "order.lines[0].quantity", "type int",
    ),
    "none": (None, "order", "type object"),
    "text": ("order", "order", "type object"),
    "empty": ({}, "order.lines", "required"),
    "other_struct": (Order((Line("a"),), Line("a"), NOON), "order.pay.type", "required"),
    "in_map": (
        Order((Line("a"),), Card("1"), NOON, notes={"k": Line("A")}),
        "order.notes[...].sku", "matching regex '^[a-z]+$'",
    ),
    "other_choice": (Order((Line("a"),), Card("1"), NOON, colour="green"), "order.colour", "one of 'blue', 'red'"),
    "bad_time": (Order((Line("a"),), Card("1"), "yesterday"), "order.at", "value"),
}  # fmt: skip


async def test_right_arguments_and_answers_pass_whole(placed):
    given = Order(
        (Line("apple", 2), Line("pear")), Transfer("DE1"), NOON,
        tags=frozenset({"a", "b"}), notes={"gift": Line("card")}, colour="blue",
    )  # fmt: skip

    receipt = await placed.stock.order(given, "thanks", limit=9)

    assert receipt == Receipt((Line("apple", 2), Line("pear")), 9, "thanks")
    assert placed.diary.notes == [given]


@pytest.mark.parametrize("case", WRONG)
async def test_a_broken_rule_is_named_with_its_field(placed, case):
    given, field, rule = WRONG[case]

    with pytest.raises(InvalidArgument) as caught:
        await placed.stock.order(given)

    assert [(one.field, one.rule) for one in caught.value.violations] == [(field, rule)]
    assert placed.diary.notes == []
    assert placed.counted("Order") == {"invalid_argument": 1}


@pytest.mark.parametrize(
    "unsendable", [object(), {1: object()}, lambda: 1, "\ud800", b"x".__class__]
)
async def test_a_value_without_json_form_never_leaves(placed, unsendable):
    with pytest.raises(InvalidArgument, match=r"stock\.v1\.Stock/Put"):
        await placed.stock.put(unsendable)

    assert placed.counted("Put") == {}


async def test_a_value_nested_without_end_never_leaves(placed):
    endless: list[object] = []
    endless.append(endless)

    with pytest.raises(InvalidArgument):
        await placed.stock.put(endless)


async def test_a_call_that_does_not_fit_the_signature_is_the_callers_type_error(placed):
    for wrong in (
        lambda stock: stock.put(),
        lambda stock: stock.put("apple", 1, 2),
        lambda stock: stock.put("apple", colour="red"),
        lambda stock: stock.put("apple", sku="apple"),
        lambda stock: stock.order(GOOD, "note", 5),  # limit goes by name only
    ):
        with pytest.raises(TypeError):
            await wrong(placed.stock)

    assert placed.counted("Put") == {}


async def test_a_default_is_used_where_nothing_is_given(placed):
    assert (await placed.stock.order(GOOD)).total == 5
    assert await placed.stock.put("pear") == Line("pear", 1)
    assert await placed.stock.put(quantity=3, sku="pear") == Line("pear", 3)


async def test_a_mutable_stand_in_arrives_as_the_declared_type(placed):
    lines = [Line("apple")]

    receipt = await placed.stock.order(
        {"lines": lines, "pay": {"type": "card", "number": "1"}, "at": NOON}
    )

    seen = placed.diary.notes[0]
    assert seen == Order((Line("apple"),), Card("1"), NOON)
    assert type(seen.lines) is tuple
    lines.append(Line("pear"))
    assert len(seen.lines) == 1
    assert type(receipt.lines) is tuple


async def test_values_are_not_shared(placed):
    receipt = await placed.stock.order(GOOD)

    seen = placed.diary.notes[0]
    assert seen == GOOD
    assert seen is not GOOD
    assert seen.lines[0] is not GOOD.lines[0]
    assert receipt.lines[0] is not seen.lines[0]


@pytest.mark.parametrize("what", ["right", "list_for_tuple"])
async def test_a_right_answer_arrives_as_the_declared_type(placed, what):
    receipt = await placed.stock.answer(what)

    assert receipt == Receipt((Line("apple"),))
    assert type(receipt.lines) is tuple


@pytest.mark.parametrize(
    "what", ["none", "text", "nested", "missing", "no_json", "nan", "surrogate"]
)
async def test_a_wrong_answer_is_the_callees_fault(placed, caplog, what):
    with pytest.raises(Internal) as caught:
        await placed.stock.answer(what)

    # Then the caller learns whose fault it was and not what the value was; the log knows more.
    assert str(caught.value) == (
        "stock.v1.Stock/Answer gave an answer that its contract does not allow."
    )
    assert placed.counted("Answer") == {"internal": 1}
    assert "stock.v1.Stock/Answer failed" in caplog.text


@pytest.mark.parametrize("what", ["text", "none"])
async def test_a_wrong_scalar_is_the_callees_fault(placed, what):
    assert await placed.stock.number("right") == 7

    with pytest.raises(Internal):
        await placed.stock.number(what)
    assert placed.counted("Number") == {"": 1, "internal": 1}


async def test_nothing_is_an_answer_and_something_instead_is_not(placed):
    assert await placed.stock.nothing() is None

    with pytest.raises(Internal):
        await placed.stock.nothing("something")
