"""A service as plain data: all of it, always the same, and read again only by who understands it."""

import ast
import os
import subprocess
import sys

import pytest

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.contract.description import Scalar
from hanse.runtime.description.describe_service import describe_service, describe_services
from hanse.runtime.description.needs import called
from hanse.runtime.description.service_description import (
    IndexDescription,
    MarkDescription,
    read_description,
    write_description,
)
from hanse.runtime.description.tests import shop

ORDERS = describe_service("shop:Orders", shop.Orders)
LETTERS = describe_service("shop:Letters", shop.Letters)

CODE = """
import sys
from hanse.runtime.description.tests import shop
from hanse.runtime.description.describe_service import describe_services
from hanse.runtime.description.service_description import write_description
both = [("shop:Orders", shop.Orders), ("shop:Letters", shop.Letters)]
sys.stdout.buffer.write(write_description(describe_services("shop", both)))
"""


def test_the_same_classes_are_the_same_bytes_in_every_process():
    project = describe_services(
        "shop", [("shop:Letters", shop.Letters), ("shop:Orders", shop.Orders)]
    )
    here = write_description(project)

    there = subprocess.run(
        [sys.executable, "-c", CODE],
        env=os.environ | {"PYTHONHASHSEED": "7"}, capture_output=True, check=True,
    )  # fmt: skip

    assert there.stdout == here
    assert read_description(here, "it") == project
    assert [one.name for one in project.services] == ["bookshop.v1.Orders", "letters.v1.Letters"]


def test_what_is_kept_is_told_with_its_form_and_its_marks():
    (kept,) = ORDERS.documents
    assert (kept.name, kept.table, kept.prefix, kept.shape, kept.soft) == (
        "Order", "shop.orders", "order", 2, False,
    )  # fmt: skip
    assert [one.name for one in kept.fields] == ["number", "buyer", "address", "state", "lines"]
    assert kept.immutable == ("number",)
    assert kept.marks == (MarkDescription("address", "buyer"),)
    assert kept.indexes == (
        IndexDescription(("buyer",)),
        IndexDescription(("number",), unique=True),
        IndexDescription(("state", "-create_time")),
    )
    assert [one.name for one in kept.types] == ["Line"]


def test_a_type_says_which_fields_its_json_may_lack():
    types = {one.name: one.left_out for one in ORDERS.contract.types}
    assert (types["Wish"], types["Line"]) == (("note",), ())


def test_workflows_are_told_by_version():
    assert [(one.name, one.version) for one in ORDERS.workflows] == [
        ("bookshop.v1.Orders/Pay", 1),
        ("bookshop.v1.Orders/Pay", 2),
    ]
    assert [one.name for one in ORDERS.workflows[1].arguments] == ["order", "quick"]
    assert ORDERS.workflows[0].result == Scalar("string")


def test_settings_are_told_without_a_value_of_a_secret():
    assert ORDERS.settings is not None
    assert ORDERS.settings.section == "orders"
    told = [(one.name, one.required, one.default) for one in ORDERS.settings.fields]
    assert told == [("currency", False, "EUR"), ("key", False, None), ("until", False, None)]
    assert b"till-in-development" not in write_description(
        describe_services("shop", [("shop:Orders", shop.Orders)])
    )


def test_an_event_is_told_by_one_and_taken_by_another_each_as_it_knows_it():
    assert [one.full_name for one in ORDERS.tells] == ["bookshop.v1.OrderPaid"]
    assert ORDERS.takes == ORDERS.taken == ()
    assert LETTERS.tells == ()
    assert [one.name for one in LETTERS.takes] == ["letters.v1.Letters/thank"]
    assert LETTERS.taken == ORDERS.tells


def test_of_a_contract_that_is_called_the_methods_are_told_that_the_code_names():
    stock, till = ORDERS.needs
    assert (till.contract.full_name, till.whole) == ("till.v1.Till", False)
    assert [one.name for one in till.contract.methods] == ["charge"]
    assert (stock.contract.full_name, stock.whole) == ("stock.v1.Stock", True), "handed to others"
    assert [one.name for one in stock.contract.methods] == ["count", "add"]


INIT = "def __init__(self, cart): self._cart = cart\n"


@pytest.mark.parametrize(
    ("code", "names"),
    [
        pytest.param(INIT + "def f(self): self._cart.add(); self._cart.take()", {"add", "take"}, id="named"),
        pytest.param("def __init__(self, cart, x): self._cart, self._x = cart, x\ndef f(self): self._cart.add()",
                     {"add"}, id="kept with others"),
        pytest.param(INIT, set(), id="kept and never called"),
        pytest.param(INIT + "def f(self): helper(self._cart)", None, id="handed on"),
        pytest.param(INIT + "def f(self): return [m for m in (self._cart.add, self._cart)]", None, id="both"),
        pytest.param("def __init__(self, cart): self._price = Price(cart)", None, id="given away at once"),
        pytest.param("def __init__(self, cart): self._cart = cart; Price(cart)", None, id="kept and given away"),
        pytest.param("def __init__(self, cart): super().__init__(cart)", None, id="kept by a parent we cannot follow"),
        pytest.param("def __init__(self, cart): self._cart = self.again = cart\ndef f(self): self.again.add()",
                     None, id="kept twice"),
    ],
)  # fmt: skip
def test_whatever_is_not_plainly_read_may_call_anything(code: str, names: set[str] | None):
    assert called((ast.parse(code),), "cart") == names


def test_code_that_cannot_be_read_may_call_anything():
    assert called((ast.parse(INIT), None), "cart") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b"{}", "no description of services"),
        (b"[", "no description of services"),
        (b'{"format": 1, "project": "p", "services": [{}]}', "no description of services"),
        (b'{"format": 2, "anything": "else"}', "in format 2, and this Hanse reads 1"),
    ],
)
def test_what_is_no_description_is_refused_with_the_way_out(text: bytes, said: str):
    with pytest.raises(ConfigurationError) as refused:
        read_description(text, "old.json")
    (problem,) = refused.value.problems
    assert problem.startswith("old.json ")
    assert said in problem
    assert "hanse describe --json" in problem
