"""Flags by the client of OpenFeature, with its own reasons and errors."""

import pytest
from openfeature import api
from openfeature.evaluation_context import EvaluationContext
from openfeature.flag_evaluation import ErrorCode

from hanse.openfeature import HanseProvider
from hanse.runtime.flags.ruling import Audience, Rule, Share
from hanse.runtime.flags.tests.test_flags import ADA, BOB, DECLARED, book_of, rule
from hanse.runtime.flags.tests.till import Checkout


@pytest.fixture
def client(till):
    flags = Checkout._made(book_of(till).serve(DECLARED), book_of(till))
    api.set_provider(HanseProvider(flags, site="acme"), "till")
    yield api.get_client("till")
    api.clear_providers()


async def test_each_type_is_had_by_its_own_question(till, client) -> None:
    assert client.provider.get_metadata().name == "hanse"
    assert client.get_boolean_value("checkout.new_tax", True) is False
    assert client.get_string_value("checkout.layout", "") == "old"
    assert client.get_integer_value("checkout.tries", 0) == 3
    assert client.get_float_value("checkout.rate", 0.0) == 0.5
    assert client.get_object_value("checkout.limits", {}) == {"items": 10, "total": 100.0}
    await rule(till, "new_tax", Rule(value=True))
    details = client.get_boolean_details("checkout.new_tax", False)
    assert (details.value, details.reason, details.variant, details.flag_metadata) == (
        True,
        "STATIC",
        "true",
        {"owner": "payments"},
    )


async def test_who_asks_is_the_running_call_or_whom_the_context_names(till, client) -> None:
    await rule(till, "new_tax", Rule(Audience(principals=("ada",), sites=("acme",)), True))

    def asked(key: str | None = None, **more) -> bool:
        return client.get_boolean_value("checkout.new_tax", False, EvaluationContext(key, more))

    assert asked("ada")
    assert not asked("bob")
    assert not asked()
    with till.as_(ADA, site="acme"):
        assert asked()
        assert not asked("bob")
    with till.as_(BOB, site="acme"):
        assert asked("ada")
    with till.as_(ADA, site="globex"):
        assert not asked()
        assert not asked("ada", site="acme")


async def test_what_cannot_be_had_is_the_default_of_who_asks(till, client) -> None:
    for details, code in (
        (client.get_boolean_details("checkout.gone", True), ErrorCode.FLAG_NOT_FOUND),
        (client.get_boolean_details("checkout.price", True), ErrorCode.TYPE_MISMATCH),
        (
            client.get_boolean_details("checkout.new_tax", True, EvaluationContext("x" * 201)),
            ErrorCode.INVALID_CONTEXT,
        ),
    ):
        assert (details.value, details.error_code) == (True, code)


async def test_lots_are_the_same_as_in_a_service(till, client) -> None:
    await rule(till, "price", Rule(shares=(Share(50, "half"),)))
    flags = Checkout._made(book_of(till).serve(DECLARED), book_of(till))
    for n in range(40):
        who = type(ADA)("member", f"m{n}")
        with till.as_(who, site="acme"):
            assert client.get_string_value("checkout.price", "") == flags.price
        with till.as_(BOB, site="acme"):
            assert client.get_string_value(
                "checkout.price", "", EvaluationContext(who.id)
            ) == state_of(till, who)


def state_of(till, who) -> str:
    from hanse.runtime.call.context import Origin

    return book_of(till).states["checkout.price"].outcome(Origin("acme", who)).value
