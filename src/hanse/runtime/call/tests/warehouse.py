"""What the call suite calls: a contract with every kind of method, and a service that calls it."""

import asyncio
import threading
from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Annotated, Literal

from hanse import (
    PUBLIC,
    SIGNED_IN,
    Context,
    Contract,
    Length,
    Pattern,
    Range,
    Service,
    Struct,
    current,
    permission,
    remaining,
    rpc,
    within,
)
from hanse.runtime.call.context import running
from hanse.runtime.errors import (
    DeadlineExceeded,
    FailedPrecondition,
    HanseError,
    NotFound,
    Unavailable,
)


class Line(Struct, frozen=True):
    sku: Annotated[str, Pattern("^[a-z]+$"), Length(1, 10)]
    quantity: Annotated[int, Range(1, 1000)] = 1


class Card(Struct, frozen=True, tag="card"):
    number: str


class Transfer(Struct, frozen=True, tag="transfer"):
    iban: str


class Node(Struct, frozen=True):
    name: str
    children: tuple["Node", ...] = ()


class Order(Struct, frozen=True):
    lines: Annotated[tuple[Line, ...], Length(1, 3)]
    pay: Card | Transfer
    at: datetime
    tags: frozenset[str] = frozenset()
    notes: Mapping[str, Line] = {}
    colour: Literal["red", "blue"] = "red"
    tree: Node = Node("root")


class Receipt(Struct, frozen=True):
    lines: tuple[Line, ...]
    total: int = 0
    note: str | None = None


class SoldOut(FailedPrecondition):
    code = "sold_out"
    title = "Sold out"
    sku: str
    left: int = 0
    lines: tuple[Line, ...] = ()


class Unlisted(NotFound):
    code = "unlisted"
    detail_of: str = ""


class Diary:
    """What handlers noted, for tests to wait for."""

    def __init__(self) -> None:
        self.notes: list[object] = []
        self._news = asyncio.Event()
        self.gate = threading.Event()
        self.go = asyncio.Event()

    def write(self, note: object) -> None:
        self.notes.append(note)
        self._news.set()

    async def until(self, note: object) -> None:
        async with asyncio.timeout(5):
            while note not in self.notes:
                self._news.clear()
                await self._news.wait()


class Stock(Contract):
    """Everything a method can be."""

    @rpc("POST /stock/v1/orders", allow=PUBLIC, errors=(SoldOut,))
    async def order(self, order: Order, note: str | None = None, *, limit: int = 5) -> Receipt: ...

    @rpc("PUT /stock/v1/lines/{sku}", allow=PUBLIC)
    async def put(self, sku: str, quantity: Annotated[int, Range(1)] = 1) -> Line: ...

    @rpc("POST /stock/v1/answers", allow=PUBLIC)
    async def answer(self, what: str) -> Receipt: ...

    @rpc("POST /stock/v1/numbers", allow=PUBLIC)
    async def number(self, what: str) -> int: ...

    @rpc("POST /stock/v1/nothing", allow=PUBLIC)
    async def nothing(self, what: str = "") -> None: ...

    @rpc("POST /stock/v1/failures", allow=PUBLIC, errors=(SoldOut,))
    async def fail(self, how: str) -> None: ...

    @rpc("POST /stock/v1/members", allow=SIGNED_IN)
    async def members(self, line: Line) -> str: ...

    @rpc("POST /stock/v1/staff", allow=permission("stock.write"))
    async def write(self, line: Line) -> str: ...

    @rpc(allow=PUBLIC)
    async def whose(self) -> tuple[str, ...]: ...

    @rpc(allow=PUBLIC, timeout=5)
    async def left(self) -> float: ...

    @rpc(allow=PUBLIC)
    async def hang(self, name: str) -> None: ...

    @rpc(allow=PUBLIC, timeout=0.05)
    async def brief(self) -> None: ...

    @rpc(allow=PUBLIC, timeout=0.05)
    async def stubborn(self) -> str: ...

    @rpc(allow=PUBLIC, concurrency=2)
    async def narrow(self, name: str) -> None: ...

    @rpc(allow=PUBLIC)
    async def leak(self) -> None: ...

    @rpc(allow=PUBLIC)
    async def together(self) -> tuple[int, ...]: ...

    @rpc(allow=PUBLIC)
    async def blocking(self) -> tuple[str, ...]: ...

    @rpc(allow=PUBLIC, timeout=0.05)
    async def blocked(self) -> None: ...

    @rpc(allow=PUBLIC)
    async def occupied(self) -> None: ...

    @rpc(allow=PUBLIC)
    async def stopped(self) -> None: ...

    @rpc("GET /stock/v1/changes", allow=PUBLIC, errors=(SoldOut,))
    def watch(
        self, count: Annotated[int, Range(0, 1000)], then: str = ""
    ) -> AsyncIterator[Line]: ...

    @rpc(allow=SIGNED_IN)
    def private(self, line: Line) -> AsyncIterator[str]: ...

    @rpc(allow=PUBLIC)
    def whose_items(self) -> AsyncIterator[tuple[str, ...]]: ...

    @rpc(allow=PUBLIC, timeout=0.4)
    def slow(self) -> AsyncIterator[int]: ...

    @rpc(allow=PUBLIC, timeout=0.1)
    def eager(self) -> AsyncIterator[int]: ...


def told(context: Context) -> tuple[str, ...]:
    return (
        context.site, context.principal.kind, context.principal.id,
        ",".join(sorted(context.principal.permissions)), context.locale, context.trace_id,
        context.caller, running.get().origin.cause,
    )  # fmt: skip


ODD_ANSWERS = {
    "right": Receipt((Line("apple"),)),
    "list_for_tuple": {"lines": [Line("apple")]},
    "none": None,
    "text": "text",
    "nested": {"lines": [{"sku": "NOT LOWER", "quantity": 1}]},
    "missing": {},
    "no_json": object(),
    "nan": {"lines": [], "total": float("nan")},
    "surrogate": {"lines": [], "note": "\ud800"},
}


def raised(how: str) -> BaseException:
    match how:
        case "declared":
            return SoldOut(detail="None left.", sku="apple", left=2, lines=(Line("apple", 2),))
        case "undeclared":
            return Unlisted(detail="No such thing.", detail_of="secret-field")
        case "kind":
            return Unavailable(detail="Later.", retry_after=7)
        case "root":
            return HanseError(detail="Odd.")
        case "stop":
            return StopIteration("secret-stop")
        case "cancelled":
            return asyncio.CancelledError("secret-cancelled")
        case _:
            return ValueError("secret-text")


class Shelf(Service, Stock):
    """The callee."""

    def __init__(self, diary: Diary) -> None:
        self.diary = diary

    async def order(self, order: Order, note: str | None = None, *, limit: int = 5) -> Receipt:
        self.diary.write(order)
        return Receipt(order.lines, limit, note)

    async def put(self, sku: str, quantity: Annotated[int, Range(1)] = 1) -> Line:
        return Line(sku, quantity)

    async def answer(self, what: str) -> Receipt:
        return ODD_ANSWERS[what]  # pyright: ignore[reportReturnType]  a wrong answer is what is tested

    async def number(self, what: str) -> int:
        return {"right": 7, "text": "7", "none": None}[what]  # pyright: ignore[reportReturnType]  a wrong answer is what is tested

    async def nothing(self, what: str = "") -> None:
        return what or None  # pyright: ignore[reportReturnType]  a wrong answer is what is tested

    async def fail(self, how: str) -> None:
        raise raised(how)

    async def members(self, line: Line) -> str:
        return line.sku

    async def write(self, line: Line) -> str:
        return line.sku

    async def whose(self) -> tuple[str, ...]:
        return told(current())

    async def left(self) -> float:
        return remaining()

    async def hang(self, name: str) -> None:
        self.diary.write(f"{name} began")
        try:
            await asyncio.Event().wait()
        finally:
            self.diary.write(f"{name} ended")

    async def brief(self) -> None:
        await self.hang("brief")

    async def stubborn(self) -> str:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            self.diary.write("swallowed")
        return "late"

    async def narrow(self, name: str) -> None:
        self.diary.write(f"{name} began")
        await self.diary.go.wait()

    async def leak(self) -> None:
        task = asyncio.create_task(self.hang("leaked"), name="forgotten")
        self.diary.write(task)
        await self.diary.until("leaked began")

    async def together(self) -> tuple[int, ...]:
        async def one(number: int) -> int:
            return number

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(number)) for number in range(3)]
        return tuple(task.result() for task in tasks)

    def blocking(self) -> tuple[str, ...]:
        return (threading.current_thread().name, *told(current()))

    def blocked(self) -> None:
        self.diary.gate.wait(10)
        self.diary.notes.append("thread ended")

    def occupied(self) -> None:
        self.diary.gate.wait(10)

    def stopped(self) -> None:
        raise StopIteration("secret-stop")

    async def watch(
        self, count: Annotated[int, Range(0, 1000)], then: str = ""
    ) -> AsyncIterator[Line]:
        try:
            for number in range(count):
                yield Line("apple", number + 1)
            if then == "hang":
                await asyncio.Event().wait()
            if then == "wrong":
                yield Line("NOT LOWER")
            if then:
                raise raised(then)
        finally:
            self.diary.write("closed")

    async def private(self, line: Line) -> AsyncIterator[str]:
        yield line.sku

    async def whose_items(self) -> AsyncIterator[tuple[str, ...]]:
        yield told(current())
        yield told(current())

    async def slow(self) -> AsyncIterator[int]:
        yield 1
        try:
            await asyncio.Event().wait()
        finally:
            self.diary.write("slow ended")

    async def eager(self) -> AsyncIterator[int]:
        number = 0
        while True:
            yield number
            number += 1
            await asyncio.sleep(0)


class Shop(Service, package="shop.v1"):
    """The caller: its calls are nested in a call."""

    def __init__(self, stock: Stock, diary: Diary) -> None:
        self.stock = stock
        self.diary = diary

    @rpc("POST /shop/v1/whose", allow=PUBLIC)
    async def whose(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        return told(current()), await self.stock.whose()

    @rpc("POST /shop/v1/orders", allow=PUBLIC)
    async def order(self, sku: str) -> Line:
        return await self.stock.put(sku)

    @rpc("POST /shop/v1/left", allow=PUBLIC, timeout=3)
    async def left(self) -> tuple[float, float]:
        return await self.stock.left(), remaining()

    @rpc("POST /shop/v1/within", allow=PUBLIC)
    async def hurry(self, seconds: float) -> str:
        try:
            with within(seconds):
                await self.stock.hang("hurried")
        except DeadlineExceeded as error:
            return error.code
        return "not at all"

    @rpc("POST /shop/v1/hang", allow=PUBLIC, timeout=0.1)
    async def hang(self) -> None:
        await self.stock.hang("nested")

    @rpc("POST /shop/v1/brief", allow=PUBLIC)
    async def brief(self) -> str:
        try:
            await self.stock.brief()
        except DeadlineExceeded:
            # The deadline was the inner call's: this one goes on, and can be cancelled and timed.
            async with asyncio.timeout(5):
                await asyncio.sleep(0)
            return "went on"
        return "not at all"

    @rpc("POST /shop/v1/fail", allow=PUBLIC, errors=(SoldOut,))
    async def fail(self, how: str) -> None:
        await self.stock.fail(how)

    @rpc("POST /shop/v1/expect", allow=PUBLIC)
    async def expect(self, how: str) -> str:
        try:
            await self.stock.fail(how)
        except HanseError as error:
            return type(error).__name__
        return "nothing"

    @rpc("POST /shop/v1/leak_within", allow=PUBLIC)
    async def leak_within(self) -> None:
        with within(5):
            self.diary.write(asyncio.create_task(asyncio.Event().wait(), name="forgotten within"))
            await asyncio.sleep(0)
