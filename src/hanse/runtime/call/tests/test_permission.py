"""Who may call is decided alike, and before anything of the arguments is looked at."""

import pytest

from hanse import Principal
from hanse.runtime.call.tests.warehouse import Line
from hanse.runtime.errors import InvalidArgument, PermissionDenied, Unauthenticated
from hanse.testing import acting

MEMBER = Principal("member", "ada")
CLERK = Principal("staff", "eve", frozenset({"stock.write"}))


async def test_a_visitor_is_asked_to_sign_in(placed):
    with acting(), pytest.raises(Unauthenticated):
        await placed.stock.members(Line("apple"))

    assert placed.counted("Members") == {"unauthenticated": 1}


async def test_who_is_signed_in_may(placed):
    with acting(MEMBER):
        assert await placed.stock.members(Line("apple")) == "apple"


async def test_who_lacks_the_permission_may_not(placed):
    with acting(MEMBER), pytest.raises(PermissionDenied) as caught:
        await placed.stock.write(Line("apple"))

    assert "stock.write" in str(caught.value)
    assert placed.counted("Write") == {"permission_denied": 1}


async def test_who_holds_the_permission_may(placed):
    with acting(CLERK):
        assert await placed.stock.write(Line("apple")) == "apple"


async def test_permission_is_checked_before_arguments_are_read(placed):
    wrong = Line("NOT LOWER")
    with acting(MEMBER), pytest.raises(PermissionDenied):
        await placed.stock.write(wrong)
    with acting(CLERK), pytest.raises(InvalidArgument):
        await placed.stock.write(wrong)


async def test_permission_is_checked_before_a_stream_begins(placed):
    with acting(), pytest.raises(Unauthenticated):
        await anext(placed.stock.private(Line("NOT LOWER")))

    with acting(MEMBER):
        assert [item async for item in placed.stock.private(Line("apple"))] == ["apple"]
