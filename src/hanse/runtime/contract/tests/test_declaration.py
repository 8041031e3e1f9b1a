"""Every mistake in a declaration is reported when the class is made, all at once, with the remedy."""

import re
import types
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any, Generic, Literal, TypeVar

import pytest

from hanse import (
    PUBLIC,
    Contract,
    Html,
    Length,
    Range,
    Service,
    Struct,
    page,
    rpc,
)
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.contract.tests import errors_elsewhere
from hanse.runtime.errors import FailedPrecondition, NotFound

T = TypeVar("T")


class Soft(Struct):
    x: int


class Frozen(Struct, frozen=True):
    x: int


class Holder(Struct, frozen=True):
    inner: tuple[Soft, ...]


class Plain:
    pass


class Place(Struct, frozen=True):
    """Another one than that of `errors_elsewhere`."""

    row: int


class Shelf(Struct, Generic[T], frozen=True):
    holds: tuple[T, ...]


class Shelf_Place(Struct, frozen=True):
    holds: int


class Noted(Struct, frozen=True):
    notes: Mapping[str, int] = {}


class Gone(NotFound):
    code = "gone"


class GoneToo(NotFound):
    code = "gone"


class Nameless(NotFound):
    pass


class Loose(FailedPrecondition):
    code = "loose"
    parts: list[int]


class Foggy(FailedPrecondition):
    code = "foggy"
    parts: "Nowhere"  # noqa: F821  a name that is nowhere is the fault under test


def unmarked(function):
    """A copy, because a decorator marks the function itself."""
    copy = types.FunctionType(function.__code__, function.__globals__, function.__name__)
    copy.__defaults__, copy.__kwdefaults__ = function.__defaults__, function.__kwdefaults__
    copy.__annotations__ = function.__annotations__
    return copy


def service_with(**members):
    return type("Odd", (Service,), members)


def packaged(**members):
    """The same, of a package that no route has to say."""
    return types.new_class(
        "Odd", (Service,), {"package": "odd.v1"}, lambda body: body.update(members)
    )


def one(function, route="POST /odd/v1/one", **options):
    """A service with one method, declared like this."""
    options = {"allow": PUBLIC, **options}
    return lambda: service_with(one=rpc(route, **options)(unmarked(function)))


async def fine(self) -> None: ...
async def takes_list(self, x: list[int]) -> None: ...
async def takes_dict(self, x: dict[str, int]) -> None: ...
async def takes_set(self, x: set[int]) -> None: ...
async def takes_any(self, x: Any) -> None: ...
async def takes_object(self, x: object) -> None: ...
async def takes_soft(self, x: Soft) -> None: ...
async def takes_holder(self, x: Holder) -> None: ...
async def takes_plain(self, x: Plain) -> None: ...
async def takes_int_keys(self, x: Mapping[int, str]) -> None: ...
async def takes_soft_values(self, x: Mapping[str, tuple[Soft | None, ...]]) -> None: ...
async def takes_bare_tuple(self, x: tuple) -> None: ...
async def takes_bare_mapping(self, x: Mapping) -> None: ...
async def takes_function(self, x: "type(fine)") -> None: ...
async def takes_untyped(self, x) -> None: ...
async def takes_many(self, *x: int) -> None: ...
async def takes_names(self, **x: int) -> None: ...
async def takes_place(self, x: int, /) -> None: ...
async def takes_nowhere(self, x: "Nowhere") -> None: ...  # noqa: F821  a name that is nowhere is the fault under test
async def gives_list(self) -> list[int]: ...
async def gives_untyped(self): ...
async def gives_stream_late(self) -> AsyncIterator[int]: ...
async def wrong_default(self, x: Annotated[int, Range(1)] = 0) -> None: ...
async def other_default(self, x: str = 5) -> None: ...
async def object_default(self, x: str = object()) -> None: ...
async def default_first(self, x: int = 1, *, y: str) -> None: ...
async def two_shapes(self, x: tuple[int, ...] | frozenset[int]) -> None: ...
async def takes_id(self, id: str) -> None: ...
async def takes_float_id(self, id: float) -> None: ...
async def takes_struct(self, x: Frozen | None = None) -> None: ...
async def takes_one_struct(self, x: Frozen) -> None: ...
async def takes_two_structs(self, x: Frozen, y: Frozen) -> None: ...
async def two_places(self, x: Place, y: tuple[errors_elsewhere.Place, ...]) -> None: ...
async def takes_place_of_ours(self, x: Place) -> None: ...
async def shelves_both(self, x: Shelf[Place]) -> Shelf[errors_elsewhere.Place]: ...
async def shelf_by_hand(self, x: Shelf[Place]) -> Shelf_Place: ...
async def set_of_maps(self, x: frozenset[Mapping[str, int]]) -> None: ...
async def set_of_noted(self, x: frozenset[tuple[str, Noted | None]]) -> None: ...


HERE, ELSEWHERE = Place.__module__, errors_elsewhere.__name__
TWO_PLACES = (
    f"Odd: Place would be the published name of two types ({HERE}.Place and {ELSEWHERE}.Place) → "
    "rename one, or subclass it under a name of its own"
)

# Case → (what makes the class, what the one mistake is, with its remedy).
WRONG = {
    "no rule": (one(fine, allow=None), "Odd.one: says not who may call it → say who may call: allow=PUBLIC"),
    "no method": (lambda: service_with(), "Odd: declares no method → decorate one with @rpc(…)"),
    "list": (one(takes_list), "Odd.one x: list can change under its reader or has no fixed shape → use tuple[T, ...]"),
    "dict": (one(takes_dict), "Odd.one x: dict can change under its reader or has no fixed shape → use Mapping[str, T] of"),
    "set": (one(takes_set), "→ use frozenset[T]"),
    "any": (one(takes_any), "→ say which type it is"),
    "object": (one(takes_object), "→ say which type it is"),
    "soft": (one(takes_soft), "Odd.one x: Soft is not frozen → class Soft(Struct, frozen=True)"),
    "nested soft": (one(takes_holder), "Odd.one x: Holder.inner: Soft is not frozen → class Soft(Struct, frozen=True)"),
    "class": (one(takes_plain), "Plain can change under its reader or has no fixed shape → use a frozen Struct"),
    "int keys": (one(takes_int_keys), "a map's key is int → JSON has string keys only: use Mapping[str, T]"),
    "soft values": (one(takes_soft_values), "Soft is not frozen"),
    "bare tuple": (one(takes_bare_tuple), "→ say of what: tuple[T, ...]"),
    "bare mapping": (one(takes_bare_mapping), "→ say of what: Mapping[str, T]"),
    "function": (one(takes_function), "→ use a frozen Struct"),
    "untyped": (one(takes_untyped), "Odd.one: x has no type → write x: T"),
    "star": (one(takes_many), "Odd.one: x is variadic positional → name every argument"),
    "two stars": (one(takes_names), "Odd.one: x is variadic keyword → name every argument"),
    "place only": (one(takes_place), "Odd.one: x is positional-only → name every argument"),
    "nowhere": (one(takes_nowhere), "its annotations cannot be read (name 'Nowhere' is not defined) → define types in the module"),
    "answer list": (one(gives_list), "Odd.one answer: list can change"),
    "answer untyped": (one(gives_untyped), "Odd.one: its answer has no type → write -> T, or -> None"),
    "late stream": (one(gives_stream_late), "Odd.one: awaits before it streams → yield items"),
    "wrong default": (one(wrong_default), "Odd.one: the default of x breaks its own rule (Expected `int` >= 1) → change one of the two"),
    "other default": (one(other_default), "the default of x breaks its own rule"),
    "object default": (one(object_default), "the default of x breaks its own rule"),
    "two arrays": (one(two_shapes), "Odd.one x: is no type that JSON can carry"),
    "set of maps": (one(set_of_maps), "Odd.one x: a set's items hold maps, which are not hashable → use tuple[T, ...]"),
    "set of what holds a map": (one(set_of_noted), "a set's items hold maps, which are not hashable → use tuple[T, ...]"),
    "same name": (one(two_places), TWO_PLACES),
    "same name in an error": (one(takes_place_of_ours, errors=(errors_elsewhere.Full,)), TWO_PLACES),
    "same name, made by hand": (one(shelf_by_hand), "Odd: Shelf_Place would be the published name of two types ("),
    "no verb": (one(fine, "FETCH /odd/v1/one"), "route 'FETCH /odd/v1/one' cannot be read → 'FETCH' is no verb; a route is one of GET, POST"),
    "no version": (one(fine, "POST /odd/one"), "must begin with domain and version, like /crm/v1/contacts"),
    "upper case": (one(fine, "POST /odd/v1/One"), "segment 'One' of '/odd/v1/One' must be lower case or {name}"),
    "same parameter": (one(takes_id, "POST /odd/v1/{id}/{id}"), "'/odd/v1/{id}/{id}' names a parameter twice"),
    "unknown parameter": (one(fine, "POST /odd/v1/{id}"), "Odd.one: the path names {id} → take an argument id: str"),
    "float in path": (one(takes_float_id, "POST /odd/v1/{id}"), "Odd.one: id is in the path → it must be a str, int, UUID or enum"),
    "struct in query": (one(takes_struct, "GET /odd/v1/one"), "x does not fit the query of a GET → a query carries scalars"),
    "body of a GET": (one(takes_one_struct, "GET /odd/v1/one", body="x"), "Odd.one: names a body → only a route of POST, PUT or PATCH has one"),
    "body without a route": (lambda: packaged(one=rpc(None, allow=PUBLIC, body="x")(unmarked(takes_one_struct))), "Odd.one: names a body"),
    "body that is no argument": (one(takes_id, body="x"), "Odd.one: its body is to be 'x' → take an argument x"),
    "body that is no struct": (one(takes_id, body="id"), "Odd.one: its body id is no struct → a body of its own is a Struct"),
    "struct in the query beside a body": (one(takes_two_structs, body="x"), "Odd.one: y does not fit the query"),
    "no time": (one(fine, timeout=0), "has a limit below one → timeout, max_body, concurrency are positive"),
    "no body": (one(fine, max_body=0), "has a limit below one"),
    "no calls": (one(fine, concurrency=-1), "has a limit below one"),
    "raw error": (one(fine, errors=(ValueError,)), "<class 'ValueError'> is no error → subclass one of hanse's errors"),
    "error object": (one(fine, errors=(5,)), "5 is no error"),
    "same code": (one(fine, errors=(Gone, GoneToo)), "declares the code gone twice → one code, one error"),
    "code of its kind": (one(fine, errors=(Nameless,)), "Nameless has the code of its kind → class …(NotFound): code ="),
    "soft error": (one(fine, errors=(Loose,)), "Odd.one Loose.parts: list can change under its reader"),
    "foggy error": (one(fine, errors=(Foggy,)), "the fields of Foggy cannot be read (name 'Nowhere' is not defined)"),
    "no package": (one(fine, None), 'Odd: no route says which package it is of → class Odd(…, package="domain.v1")'),
    "static": (lambda: service_with(one=rpc("POST /odd/v1/one", allow=PUBLIC)(staticmethod(unmarked(fine)))), "Odd.one: is no plain method"),
    "page without rule": (lambda: service_with(one=page("/one")(unmarked(fine))), "Odd.one: says not who may see it → say so: allow=PUBLIC"),
    "page of text": (lambda: service_with(one=page("/one", allow=PUBLIC)(unmarked(fine))), "Odd.one: is a page and answers no Html → write -> Html"),
    "page nowhere": (lambda: service_with(one=page("one", allow=PUBLIC)(unmarked(fine))), "its path 'one' cannot be served → write it like /careers/{job_id}"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_mistake_is_reported_with_place_and_remedy(case):
    make, expected = WRONG[case]

    with pytest.raises(DeclarationError) as caught:
        make()

    problems = [one for one in caught.value.problems if "declares no method" not in one]
    assert [expected in problem for problem in problems or caught.value.problems] == [True]


def test_arguments_that_go_by_name_only_may_stand_behind_a_default():
    made = one(default_first)()

    assert list(made.__contract__.methods["one"].request_type.__struct_fields__) == ["x", "y"]


def test_two_methods_may_not_share_a_route_nor_be_of_two_packages():
    async def first(self) -> None: ...
    async def second(self) -> None: ...

    def declare(*routes):
        methods = zip(("first", "second"), (first, second), routes, strict=True)
        return service_with(**{name: rpc(r, allow=PUBLIC)(f) for name, f, r in methods})

    with pytest.raises(DeclarationError, match=re.escape("Odd.second: has the route of first")):
        declare("POST /odd/v1/x", "POST /odd/v1/x")
    with pytest.raises(DeclarationError, match=r"several packages \(odd.v1, odd.v2\)"):
        declare("POST /odd/v1/x", "POST /odd/v2/x")


def test_types_of_one_name_are_found_across_methods_and_below_others():
    async def mine(self, x: Place) -> None: ...
    async def theirs(self, x: int) -> Shelf[errors_elsewhere.Place]: ...

    with pytest.raises(DeclarationError) as caught:
        service_with(
            mine=rpc("POST /odd/v1/mine", allow=PUBLIC)(mine),
            theirs=rpc("POST /odd/v1/theirs", allow=PUBLIC)(theirs),
        )

    assert caught.value.problems == (TWO_PLACES,)


def test_generics_of_types_of_one_name_are_refused_with_them():
    with pytest.raises(DeclarationError) as caught:
        one(shelves_both)()

    assert TWO_PLACES in caught.value.problems
    assert len(caught.value.problems) == 2


def test_methods_may_not_mean_different_errors_by_one_code():
    async def other(self) -> None: ...

    def declare(error):
        return service_with(
            one=rpc("POST /odd/v1/one", allow=PUBLIC, errors=(Gone,))(unmarked(fine)),
            other=rpc("POST /odd/v1/other", allow=PUBLIC, errors=(error,))(unmarked(other)),
        )

    assert declare(Gone).__contract__.methods["other"].errors == {"gone": Gone}
    with pytest.raises(DeclarationError) as caught:
        declare(GoneToo)
    assert caught.value.problems == (
        f"Odd: the code gone is of two errors ({HERE}.Gone and {HERE}.GoneToo) → one code, one error",
    )


def test_a_class_with_ten_mistakes_reads_well():
    with pytest.raises(DeclarationError) as caught:

        class Shop(Service):
            @rpc("POST /shop/v1/carts")
            async def create(self, items: list[str]) -> None: ...

            @rpc("FETCH /shop/v1/carts/{cart_id}", allow=PUBLIC)
            async def read(self, cart_id: str) -> dict[str, int]: ...

            @rpc("GET /shop/v1/carts/{cart_id}/items", allow=PUBLIC, timeout=0)
            async def items(self, cart: str) -> tuple[str, ...]: ...

            @rpc("POST /shop/v1/carts", allow=PUBLIC)
            async def fill(self, count: Annotated[int, Range(1)] = 0) -> None: ...

            @rpc("GET /shop/v1/stream", allow=PUBLIC)
            async def stream(self) -> AsyncIterator[int]:
                return self

            @page("home", allow=PUBLIC)
            async def home(self) -> Html: ...

    assert str(caught.value) == TEN
    assert len(caught.value.problems) == 10


TEN = """\
Service Shop has 10 mistake(s) in its declaration:
  - Shop.home: its path 'home' cannot be served → write it like /careers/{job_id}
  - Shop.fill: has the route of create (POST /shop/v1/carts) → give it its own
  - Shop.create items: list can change under its reader or has no fixed shape → use tuple[T, ...]
  - Shop.create: says not who may call it → say who may call: allow=PUBLIC, SIGNED_IN or permission("…")
  - Shop.read answer: dict can change under its reader or has no fixed shape → use Mapping[str, T] of collections.abc
  - Shop.read: route 'FETCH /shop/v1/carts/{cart_id}' cannot be read → 'FETCH' is no verb; a route is one of GET, POST, PUT, PATCH, DELETE and a path
  - Shop.items: has a limit below one → timeout, max_body, concurrency are positive
  - Shop.items: the path names {cart_id} → take an argument cart_id: str
  - Shop.fill: the default of count breaks its own rule (Expected `int` >= 1) → change one of the two
  - Shop.stream: awaits before it streams → yield items, or in a contract use plain def"""


class Api(Contract):
    @rpc("POST /api/v1/one", allow=PUBLIC)
    async def one(self, x: Annotated[str, Length(1)], *, y: int = 1) -> str: ...

    @rpc("GET /api/v1/two", allow=PUBLIC)
    def two(self, z: Literal["a"] = "a") -> AsyncIterator[int]: ...


class Wider(Api):
    @rpc("POST /api/v1/three", allow=PUBLIC)
    async def three(self) -> None: ...


class Other(Contract):
    @rpc("POST /other/v1/one", allow=PUBLIC)
    async def four(self) -> None: ...


def implementing(*contracts, **members):
    return type("Made", (Service, *contracts), members)


async def api_one(self, x: Annotated[str, Length(1)], *, y: int = 1) -> str:
    return x


async def api_two(self, z: Literal["a"] = "a") -> AsyncIterator[int]:
    yield 1


def test_an_implementation_has_the_contract_it_names():
    made = implementing(Api, one=api_one, two=api_two)

    assert made.__contract__ is Api.__contract__
    assert made.__contract__.full_name == "api.v1.Api"


def test_a_subclass_of_a_contract_has_its_methods_and_more():
    async def three(self) -> None: ...

    assert list(Wider.__contract__.methods) == ["one", "two", "three"]
    made = implementing(Wider, one=api_one, two=api_two, three=three)
    assert made.__contract__ is Wider.__contract__


def test_a_subclass_of_an_implementation_implements_the_same():
    made = implementing(Api, one=api_one, two=api_two)

    class Special(made):
        async def one(self, x: Annotated[str, Length(1)], *, y: int = 1) -> str:
            return "special"

    assert Special.__contract__ is Api.__contract__


async def other_rule(self, x: Annotated[str, Length(2)], *, y: int = 1) -> str: ...
async def other_default_of_y(self, x: Annotated[str, Length(1)], *, y: int = 2) -> str: ...
async def other_name(self, name: Annotated[str, Length(1)], *, y: int = 1) -> str: ...
async def other_answer(self, x: Annotated[str, Length(1)], *, y: int = 1) -> int: ...
async def other_way(self, x: Annotated[str, Length(1)], y: int = 1) -> str: ...
async def more_arguments(self, x: Annotated[str, Length(1)], *, y: int = 1, z: int = 0) -> str: ...
async def fewer_arguments(self, x: Annotated[str, Length(1)]) -> str: ...


@pytest.mark.parametrize(
    "function",
    [
        other_rule, other_default_of_y, other_name, other_answer, other_way, more_arguments,
        fewer_arguments,
    ],
)  # fmt: skip
def test_an_implementation_with_another_signature_is_refused(function):
    with pytest.raises(DeclarationError) as caught:
        implementing(Api, one=function, two=api_two)

    [problem] = caught.value.problems
    assert problem.startswith("Made.one: differs from its contract → make it (x: ")
    assert problem.endswith(", *, y: int) -> str")


def test_other_mistakes_of_implementations_are_reported_together():
    async def stream_late(self, z: Literal["a"] = "a") -> AsyncIterator[int]: ...

    with pytest.raises(DeclarationError) as caught:
        implementing(
            Api, Other,
            two=stream_late, four=rpc("POST /other/v1/four", allow=PUBLIC)(unmarked(fine)),
        )  # fmt: skip

    assert caught.value.problems == (
        "Made: implements several contracts (Api, Other) → one service each",
        "Made.four: has an @rpc of its own → declare it in Api and write it here without @rpc",
        "Made.one: is declared in the contract and not written → write one as Api declares it",
        "Made.two: awaits before it streams → make it an async generator: yield items",
    )


def test_a_stream_must_be_implemented_as_one():
    async def not_a_stream(self, z: Literal["a"] = "a") -> int: ...

    with pytest.raises(DeclarationError, match=r"make it \(z: .*\) -> AsyncIterator\[int\]"):
        implementing(Api, one=api_one, two=not_a_stream)


def test_a_contract_names_its_package_when_no_route_does():
    class Ledger(Contract, package="billing.v1"):
        @rpc(allow=PUBLIC)
        async def book(self) -> None: ...

    assert Ledger.__contract__.full_name == "billing.v1.Ledger"
    assert Ledger.__contract__.methods["book"].full_name == "billing.v1.Ledger/Book"


def test_reads_are_idempotent_by_their_verb_and_others_by_their_word():
    async def get(self) -> None: ...
    async def post(self) -> None: ...
    async def sure(self) -> None: ...
    async def unsure(self) -> None: ...

    made = service_with(
        get=rpc("GET /odd/v1/x", allow=PUBLIC)(get),
        post=rpc("POST /odd/v1/x", allow=PUBLIC)(post),
        sure=rpc("POST /odd/v1/y", allow=PUBLIC, idempotent=True)(sure),
        unsure=rpc("GET /odd/v1/y", allow=PUBLIC, idempotent=False)(unsure),
    )

    idempotent = {name: one.idempotent for name, one in made.__contract__.methods.items()}
    assert idempotent == {"get": True, "post": False, "sure": True, "unsure": False}
