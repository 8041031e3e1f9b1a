"""A call ends with the same error types, wherever caller and callee are."""

import pytest

from hanse.runtime.call.tests.warehouse import Line, SoldOut, Unlisted
from hanse.runtime.errors import HanseError, Internal, NotFound, Unavailable


async def test_a_declared_error_arrives_whole(placed):
    with pytest.raises(SoldOut) as caught:
        await placed.stock.fail("declared")

    error = caught.value
    assert type(error) is SoldOut
    assert (str(error), error.detail) == ("None left.", "None left.")
    assert (error.sku, error.left, error.lines) == ("apple", 2, (Line("apple", 2),))
    assert placed.counted("Fail") == {"sold_out": 1}


async def test_an_undeclared_error_arrives_as_its_kind(placed):
    with pytest.raises(NotFound) as caught:
        await placed.stock.fail("undeclared")

    assert type(caught.value) is NotFound
    assert not isinstance(caught.value, Unlisted)
    assert caught.value.detail == "No such thing."
    assert not hasattr(caught.value, "detail_of")
    assert placed.counted("Fail") == {"not_found": 1}


async def test_a_kind_arrives_with_its_fields(placed):
    with pytest.raises(Unavailable) as caught:
        await placed.stock.fail("kind")

    assert (caught.value.detail, caught.value.retry_after) == ("Later.", 7)


@pytest.mark.parametrize("how", ["raw", "stop", "cancelled"])
async def test_a_raw_exception_arrives_as_internal_without_its_text(placed, caplog, how):
    with pytest.raises(Internal) as caught:
        await placed.stock.fail(how)

    error = caught.value
    assert type(error) is Internal
    assert "secret" not in str(error) + repr(error) + repr(error.fields())
    assert placed.counted("Fail") == {"internal": 1}
    # And whoever reads the log learns all of it.
    assert "secret" in caplog.text


async def test_the_bare_root_of_errors_arrives_as_internal(placed):
    with pytest.raises(HanseError) as caught:
        await placed.stock.fail("root")

    assert type(caught.value) is Internal


@pytest.mark.parametrize(
    ("how", "name"), [("declared", "SoldOut"), ("undeclared", "NotFound"), ("raw", "Internal")]
)
async def test_a_service_sees_the_errors_of_what_it_calls(placed, how, name):
    assert await placed.shop.expect(how) == name


async def test_an_error_passes_through_a_service_that_declares_it_too(placed):
    with pytest.raises(SoldOut) as caught:
        await placed.shop.fail("declared")

    assert caught.value.sku == "apple"


async def test_one_fault_is_logged_once(placed, caplog):
    with pytest.raises(Internal):
        await placed.shop.fail("raw")

    logged = [one for one in caplog.records if one.name == "hanse.call"]
    assert [one.getMessage() for one in logged] == ["stock.v1.Stock/Fail failed"]
