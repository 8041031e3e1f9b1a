"""An error that is raised in the wrong way says which one, and what it wants."""

import pytest

from hanse import PUBLIC, FailedPrecondition, Internal, Service, rpc
from hanse.testing import World


class OutOfStock(FailedPrecondition):
    """There are not so many."""

    code = "out_of_stock"
    available: int
    sku: str = ""


class Store(Service):
    @rpc("POST /store/v1/takes", allow=PUBLIC)
    async def take(self) -> None:
        raise OutOfStock("Too many.")


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [({}, "missing required field `available`"), ({"available": "two"}, "got `str`")],
    ids=["left out", "of another type"],
)
def test_a_wrong_field_is_told_with_the_error_and_what_it_declares(fields, wrong):
    with pytest.raises(TypeError, match=wrong) as caught:
        raise OutOfStock("Too many.", **fields)
    assert str(caught.value).startswith("OutOfStock: ")
    assert str(caught.value).endswith("; its fields are available, sku.")
    assert caught.value.__cause__ is None


async def test_in_a_service_the_log_names_the_error(caplog):
    async with World(Store) as world:
        with pytest.raises(Internal):
            await world.get(Store).take()
    assert "TypeError: OutOfStock: Object missing required field `available`" in caplog.text
