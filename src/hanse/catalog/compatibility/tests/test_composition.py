"""Many compatible changes are one; a breaking one among them is found, wherever it is."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from hanse.catalog.compatibility.gate import breaking
from hanse.runtime.contract.description import (
    Choice,
    ContractDescription,
    ErrorDescription,
    FieldDescription,
    MethodDescription,
    Scalar,
)
from hanse.runtime.description.service_description import (
    ProjectDescription,
    ServiceDescription,
    read_description,
    write_description,
)

NAMES = ("a", "b", "c")
WHOLE = Scalar("integer", minimum=-5, maximum=5)
TEXT = Scalar("string", min_length=2, max_length=9, pattern="^a")
FEW = Choice("State", ("new", "old"))
Change = Callable[[MethodDescription, int], MethodDescription]


def project(methods: tuple[MethodDescription, ...]) -> ProjectDescription:
    errors = tuple(
        ErrorDescription(code, "failed_precondition", 400, code) for code in ("full", "fuller")
    )
    contract = ContractDescription("Things", "shop.v1", "", methods, (), errors)
    return ProjectDescription("shop", (ServiceDescription("shop:Things", contract),))


def method(name: str) -> MethodDescription:
    fields = (("whole", WHOLE), ("text", TEXT), ("few", FEW))
    return MethodDescription(
        name, name.upper(), tuple(FieldDescription(key, shape) for key, shape in fields), FEW,
        "shop.read", "POST", f"/shop/v1/{name}", errors=("full",), idempotent=True,
    )  # fmt: skip


def argument(name: str, change: Callable[[FieldDescription, int], FieldDescription]) -> Change:
    """A change of one argument, by an amount."""

    def changed(one: MethodDescription, amount: int) -> MethodDescription:
        arguments = (
            change(field, amount) if field.name == name else field for field in one.arguments
        )
        return replace(one, arguments=tuple(arguments))

    return changed


def shape(
    **bounds: Callable[[float], float],
) -> Callable[[FieldDescription, int], FieldDescription]:
    """A change of bounds, each by its own way of reading an amount."""

    def changed(field: FieldDescription, amount: int) -> FieldDescription:
        new = {name: move(amount) for name, move in bounds.items()}
        return replace(field, shape=replace(field.shape, **new))

    return changed


def added(one: MethodDescription, amount: int, *, required: bool) -> MethodDescription:
    field = FieldDescription(f"more_{amount}", WHOLE, required, None if required else 1)
    if any(each.name == field.name for each in one.arguments):
        return one
    return replace(one, arguments=(*one.arguments, field))


COMPATIBLE: tuple[Change, ...] = (
    argument("whole", shape(minimum=lambda n: -5 - n)),
    argument("whole", shape(maximum=lambda n: 5 + n)),
    argument("text", shape(max_length=lambda n: 9 + n, pattern=lambda _: None)),
    argument("text", shape(min_length=lambda n: 2 - n % 3)),
    argument("few", lambda field, n: replace(field, shape=Choice("State", ("new", "old", *map(str, range(n)))))),
    argument("whole", lambda field, _: replace(field, required=False, default=1)),
    lambda one, n: added(one, n, required=False),
    lambda one, n: replace(one, result=Choice("State", ("new", "old")[: 1 + n % 2])),
    lambda one, n: replace(one, permission=("shop.read", "shop.read | shop.write", "signed_in", "public")[n % 4]),
    lambda one, n: replace(one, doc=f"words {n}", timeout=float(n + 1)),
    lambda one, n: replace(one, errors=("full", "fuller")[: 1 + n % 2]),
)  # fmt: skip

BREAKING: tuple[Change, ...] = (
    argument("whole", shape(minimum=lambda n: -4 + n % 5)),
    argument("text", shape(max_length=lambda n: 8 - n % 5)),
    argument("few", lambda field, n: replace(field, shape=Choice("State", ("new", f"other {n}")))),
    argument("text", lambda field, n: replace(field, name=f"text_{n}")),
    lambda one, n: added(one, n + 100, required=True),
    lambda one, n: replace(one, result=Choice("State", ("new", "old", f"other {n}"))),
    lambda one, n: replace(one, permission=f"shop.other_{n}"),
    lambda one, n: replace(one, idempotent=False, doc=f"words {n}"),
    lambda one, n: replace(one, errors=(), doc=f"words {n}"),
    lambda one, n: replace(one, path=f"/shop/v2/{one.name}/{n}"),
    lambda one, n: replace(one, name=f"other_{n}"),
)  # fmt: skip

BEFORE = tuple(map(method, NAMES))
STEPS = st.lists(
    st.tuples(st.sampled_from(COMPATIBLE), st.integers(0, 2), st.integers(0, 9)), max_size=12
)


def after(steps: list[tuple[Change, int, int]]) -> list[MethodDescription]:
    methods = list(BEFORE)
    for change, at, amount in steps:
        methods[at] = change(methods[at], amount)
    return methods


@given(STEPS)
def test_compatible_changes_stay_so_together(steps):
    now = project(tuple(after(steps)))
    assert breaking(project(BEFORE), now) == ()
    assert breaking(now, now) == ()


@given(STEPS, st.sampled_from(BREAKING), st.integers(0, 2), st.integers(0, 9))
def test_a_breaking_change_is_found_among_compatible_ones(steps, change, at, amount):
    methods = after([step for step in steps if step[1] != at])
    methods[at] = change(methods[at], amount)
    found = breaking(project(BEFORE), project(tuple(methods)))
    assert found
    assert all(one.place.startswith(f"shop.v1.Things/{NAMES[at]}") for one in found)


@given(STEPS)
def test_a_description_is_read_as_it_was_written(steps):
    one = project(tuple(after(steps)))
    assert read_description(write_description(one), "it") == one
