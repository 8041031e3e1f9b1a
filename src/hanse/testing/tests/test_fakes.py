"""Fakes stand in for services and are held to the contract like them."""

from collections.abc import AsyncIterator
from typing import Annotated

import pytest

from hanse import PUBLIC, Contract, Length, Service, Struct, rpc
from hanse.runtime.errors import Internal, InvalidArgument, NotFound, Unimplemented
from hanse.testing import World, fake


class Greeting(Struct, frozen=True):
    text: str


class Greeter(Contract):
    @rpc("POST /greeter/v1/greetings", allow=PUBLIC)
    async def greet(self, name: Annotated[str, Length(1)], *, loudly: bool = False) -> Greeting: ...

    @rpc("GET /greeter/v1/all", allow=PUBLIC)
    def all(self, count: int = 2) -> AsyncIterator[Greeting]: ...


class Cart(Service):
    """A service without a contract class of its own can be faked as well."""

    @rpc("POST /cart/v1/totals", allow=PUBLIC)
    async def total(self) -> int:
        return 1


class Shop(Service):
    def __init__(self, greeter: Greeter, cart: Cart) -> None:
        self.greeter = greeter
        self.cart = cart

    @rpc("POST /shop/v1/welcome", allow=PUBLIC)
    async def welcome(self) -> str:
        greeting = await self.greeter.greet("Ada", loudly=True)
        return f"{greeting.text} {await self.cart.total()}"


@pytest.fixture(params=[False, True], ids=["together", "apart"])
def apart(request):
    return request.param


async def test_functions_answer_in_place_of_services(apart):
    async def total():
        return 7

    greeter = fake(Greeter, greet=lambda name, loudly: Greeting(f"{name} {loudly}"))
    async with World(Shop, greeter, fake(Cart, total=total), apart=apart) as world:
        assert await world.get(Shop).welcome() == "Ada True 7"
        assert (await world.get(Greeter).greet("Eve")).text == "Eve False"
        answer = await world.http().post("/greeter/v1/greetings", {"name": "Ada"})
        assert answer.json == {"text": "Ada False"}


async def test_a_stream_is_any_iterable(apart):
    async def generated(count):
        for number in range(count):
            yield Greeting(str(number))

    for function in (
        lambda count: [Greeting(str(number)) for number in range(count)],
        generated,
    ):
        async with World(fake(Greeter, all=function), apart=apart) as world:
            items = [item.text async for item in world.get(Greeter).all(3)]
        assert items == ["0", "1", "2"]


@pytest.mark.parametrize("wrong", ["text", None, Greeting(5), {"text": 5}])
async def test_an_answer_of_the_wrong_type_fails_the_call(apart, wrong, caplog):
    greeter = fake(Greeter, greet=lambda name, loudly: wrong, all=lambda count: [wrong])
    async with World(greeter, apart=apart) as world:
        with pytest.raises(Internal, match="its contract does not allow"):
            await world.get(Greeter).greet("Ada")
        with pytest.raises(Internal):
            await anext(world.get(Greeter).all())


async def test_a_fake_checks_arguments_and_raises_what_it_likes(apart):
    def greet(name, loudly):
        raise NotFound(detail=f"No {name}.")

    async with World(fake(Greeter, greet=greet), apart=apart) as world:
        with pytest.raises(InvalidArgument):
            await world.get(Greeter).greet("")
        with pytest.raises(NotFound, match="No Ada"):
            await world.get(Greeter).greet("Ada")


async def test_a_method_without_a_function_is_unimplemented(apart):
    async with World(fake(Greeter), apart=apart) as world:
        with pytest.raises(Unimplemented, match="was given no function for greet"):
            await world.get(Greeter).greet("Ada")


def test_functions_that_do_not_fit_are_told_together():
    with pytest.raises(TypeError) as caught:
        fake(Greeter, greet=lambda: None, all=lambda number: None, gret=lambda name: None)

    first, second, third = str(caught.value).splitlines()
    assert first.startswith("The function for Greeter.greet must take (name: ")
    assert first.endswith("test_fakes.Greeting.")
    assert second.startswith(
        "The function for Greeter.all must take (count: int) -> AsyncIterator["
    )
    assert third == "Greeter has no method gret; it has: greet, all."


def test_only_contracts_can_be_faked():
    with pytest.raises(TypeError, match="is no contract"):
        fake(Greeting)
