"""What the hostile suites attack: a service with every kind of argument, answer and ending."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from contextvars import ContextVar
from decimal import Decimal
from enum import Enum
from typing import Annotated
from uuid import UUID

from hanse import (
    PUBLIC,
    SIGNED_IN,
    Doc,
    Html,
    Length,
    Range,
    Service,
    Struct,
    current,
    kind,
    page,
    permission,
    rpc,
)
from hanse.runtime.errors import FailedPrecondition, Internal, NotFound
from hanse.runtime.server.tests.wire import PATIENCE

LEFT: ContextVar[str] = ContextVar("left", default="nothing")
"""What a handler leaves in its context, as libraries do."""

MARKER = "inside-marker-7f3a"
"""Stands in every exception text; no answer may ever contain it."""


class Gates:
    """Lets a test decide when a handler goes on, and tells it which have begun."""

    def __init__(self) -> None:
        self._opened: dict[str, asyncio.Event] = {}
        self._entered: dict[str, asyncio.Event] = {}
        self.begun: list[str] = []
        self.ended: Counter[str] = Counter()

    def opened(self, key: str) -> asyncio.Event:
        return self._opened.setdefault(key, asyncio.Event())

    def open(self, key: str) -> None:
        self.opened(key).set()

    def entered(self, key: str) -> asyncio.Event:
        return self._entered.setdefault(key, asyncio.Event())

    def enter(self, key: str) -> None:
        self.begun.append(key)
        self.entered(key).set()

    async def wait_entered(self, key: str) -> None:
        await asyncio.wait_for(self.entered(key).wait(), PATIENCE)


class Shade(Enum):
    RED = "red"
    BLUE = "blue"


class Item(Struct, frozen=True):
    sku: Annotated[str, Length(1, 20)]
    count: Annotated[int, Range(1, 100)] = 1
    shade: Shade = Shade.RED


class Card(Struct, frozen=True, tag="card"):
    number: str
    holder: Item | None = None


class Cash(Struct, frozen=True, tag="cash"):
    amount: float


class Tree(Struct, frozen=True):
    name: str = ""
    branches: tuple["Tree", ...] = ()


class Order(Struct, frozen=True):
    tally: int = 0
    items: tuple[Item, ...] = ()
    pay: Card | Cash | None = None
    notes: Mapping[str, Item] = {}
    tree: Tree = Tree()
    labels: frozenset[str] | None = None
    marks: Annotated[frozenset[float], Length(0, 3)] = frozenset()
    spares: frozenset[Item] = frozenset()


class Who(Struct, frozen=True):
    kind: str
    id: str
    permissions: tuple[str, ...]
    site: str
    locale: str
    caller: str


class Text(Struct, frozen=True):
    text: str


class Broken(Internal):
    """A fault of ours with fields, which nobody outside may read."""

    code = "desk_broken"
    path: str


class Full(FailedPrecondition):
    """A refusal that the outside may read."""

    code = "desk_full"
    limit: int


class Desk(Service):
    """Answers, waits, streams and fails on demand."""

    def __init__(self, gates: Gates) -> None:
        self._gates = gates

    @rpc("POST /desk/v1/echo", allow=PUBLIC)
    async def echo(self, text: str) -> Text:
        self._gates.begun.append(text)
        return Text(text)

    @rpc("POST /desk/v1/orders", allow=PUBLIC)
    async def order(self, order: Order, note: str | None = None) -> Order:
        return order

    @rpc("POST /desk/v1/items/{item_id}:count", allow=PUBLIC)
    async def count(self, item_id: UUID, by: Annotated[int, Range(-10, 10)]) -> int:
        return by

    @rpc("GET /desk/v1/names/{name}", allow=PUBLIC)
    async def name(self, name: str) -> Text:
        return Text(name)

    @rpc("GET /desk/v1/search", allow=PUBLIC)
    async def search(
        self,
        word: str,
        limit: Annotated[int, Range(1, 100)] = 10,
        share: float = 0.5,
        tags: Annotated[tuple[str, ...], Doc("Words it must have.")] = (),
        tally: int | None = None,
        marks: Annotated[frozenset[int], Doc("Each once.")] = frozenset(),
    ) -> tuple[str, ...]:
        return (word, str(limit), str(share), *tags)

    @rpc("GET /desk/v1/who", allow=PUBLIC)
    async def who(self) -> Who:
        now = current()
        granted = tuple(sorted(now.principal.permissions))
        return Who(now.principal.kind, now.principal.id, granted, now.site, now.locale, now.caller)

    @rpc("GET /desk/v1/me", allow=SIGNED_IN)
    async def me(self) -> Text:
        return Text(current().principal.id)

    @rpc("POST /desk/v1/secrets", allow=permission("desk.secrets.read"))
    async def secret(self) -> Text:
        return Text("granted")

    @rpc(allow=kind("service"))
    async def inside(self, text: str) -> Text:
        self._gates.begun.append("inside")
        return Text(text)

    @rpc("POST /desk/v1/gates/{key}", allow=PUBLIC, concurrency=64)
    async def wait(self, key: str) -> Text:
        self._gates.enter(key)
        try:
            await self._gates.opened(key).wait()
        finally:
            self._gates.ended[key] += 1
        return Text(key)

    @rpc("POST /desk/v1/narrow/{key}", allow=PUBLIC, concurrency=1)
    async def narrow(self, key: str) -> Text:
        return await self.wait(key)

    @rpc("POST /desk/v1/small", allow=PUBLIC, max_body=64)
    async def small(self, text: str) -> Text:
        return Text(text)

    @rpc("GET /desk/v1/large", allow=PUBLIC)
    async def large(self, kilobytes: Annotated[int, Range(0, 100_000)], rounds: int = 0) -> Text:
        self._gates.begun.append("large")
        for _ in range(rounds):
            await asyncio.sleep(0)
        return Text("x" * 1024 * kilobytes)

    @rpc("GET /desk/v1/ticks", allow=PUBLIC, timeout=60)
    async def ticks(
        self, count: int = 3, kilobytes: int = 0, fail: bool = False
    ) -> AsyncIterator[Text]:
        self._gates.enter("ticks")
        try:
            for number in range(count):
                yield Text(f"{number}" + "x" * 1024 * kilobytes)
            if fail:
                raise RuntimeError(f"broke at /etc/{MARKER}")
        finally:
            self._gates.ended["ticks"] += 1

    @rpc("GET /desk/v1/hums", allow=PUBLIC, timeout=60)
    async def hum(self) -> AsyncIterator[Text]:
        try:
            yield Text("first")
            await self._gates.opened("hum").wait()
        finally:
            self._gates.ended["hum"] += 1

    @rpc("GET /desk/v1/stubborn", allow=PUBLIC, timeout=0.05)
    async def stubborn(self, items: int) -> AsyncIterator[Text]:
        with suppress(asyncio.CancelledError):
            await asyncio.Event().wait()
        for _ in range(items):
            yield Text("late")

    @rpc("GET /desk/v1/sours", allow=PUBLIC, timeout=60)
    async def sour(self) -> AsyncIterator[Text]:
        self._gates.enter("sour")
        try:
            while True:
                yield Text("x" * 65_536)
        finally:
            raise ConnectionError(MARKER)

    @rpc("POST /desk/v1/marks", allow=PUBLIC)
    async def mark(
        self,
        numbers: frozenset[int] = frozenset(),
        ids: frozenset[UUID] = frozenset(),
        amounts: frozenset[Decimal] = frozenset(),
        amount: Decimal = Decimal(0),
    ) -> int:
        return len(numbers) + len(ids) + len(amounts)

    @rpc("POST /desk/v1/remembered", allow=PUBLIC)
    async def remember(self) -> Text:
        before = LEFT.get()
        LEFT.set("left by another")
        return Text(before)

    @rpc("POST /desk/v1/failures/{how}", allow=PUBLIC, errors=(Broken, Full))
    async def fail(self, how: str) -> int:
        raise _failure(how)

    @rpc("POST /desk/v1/lies", allow=PUBLIC)
    async def lie(self) -> int:
        return f"not a number {MARKER}"  # pyright: ignore[reportReturnType]  a wrong answer is what is tested

    @page("/pages/{name}", allow=PUBLIC)
    async def page(self, name: str) -> Html:
        if name == "broken":
            raise RuntimeError(f"page broke at /etc/{MARKER}")
        return Html("<p>page</p>")

    @rpc("DELETE /desk/v1/names/{name}", allow=PUBLIC)
    async def forget(self, name: str) -> None:
        if name == "nobody":
            raise NotFound("There is no such name.")


def _failure(how: str) -> BaseException:
    match how:
        case "raise":
            return RuntimeError(f"broke at /etc/{MARKER}/secrets.py")
        case "internal":
            return Internal(f"broke at /etc/{MARKER}")
        case "broken":
            return Broken(f"broke at {MARKER}", path=f"/etc/{MARKER}")
        case "because":
            return Full("The desk is full.", limit=3).because(KeyError(MARKER))
        case "group":
            return ExceptionGroup(MARKER, [ValueError(MARKER)])
        case "recursion":
            return RecursionError(MARKER)
        case _:
            return Full("The desk is full.", limit=3)
