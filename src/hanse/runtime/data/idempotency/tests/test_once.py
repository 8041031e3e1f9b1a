"""A request sent again under its Idempotency-Key happens once and is answered the same."""

import asyncio
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Annotated

import pytest

from hanse import (
    PUBLIC,
    FailedPrecondition,
    Host,
    HostConfig,
    Length,
    Principal,
    ResourceExhausted,
    Service,
    Struct,
    Unavailable,
    current,
    rpc,
)
from hanse.kit.clock import ManualClock
from hanse.kit.http import Address, connect
from hanse.runtime.data.database import Database
from hanse.runtime.data.idempotency.ledger import KEPT, Ledger
from hanse.runtime.errors import Aborted, AlreadyExists
from hanse.testing.acting import acting

PATIENCE = 20.0
SALE = "insert into till.sale (site_id, item) values ($1, $2)"
SALES = "select count(*) from till.sale where item = $1"


class Receipt(Struct, frozen=True):
    item: str
    number: int


class SoldOut(FailedPrecondition):
    """There is no more."""

    code = "sold_out"
    left: int


class Stage:
    """What tests and handlers tell each other."""

    def __init__(self) -> None:
        self.ran = Counter()
        self.failures: list[Exception] = []
        self.fails_at = ""
        self.entered = asyncio.Event()
        self.go_on = asyncio.Event()
        self.go_on.set()

    async def enter(self, what: str) -> int:
        self.ran[what] += 1
        self.entered.set()
        await self.go_on.wait()
        if self.failures and self.fails_at in {"", what}:
            raise self.failures.pop(0)
        return self.ran[what]


class Bank(Service):
    """Takes money."""

    def __init__(self, database: Database, stage: Stage) -> None:
        self._database = database
        self._stage = stage

    @rpc("POST /bank/v1/charges", allow=PUBLIC)
    async def charge(self, item: str) -> int:
        await self._stage.enter("charge")
        return await self._database.execute(SALE, current().site, f"charge {item}")


class Till(Service):
    """Sells."""

    def __init__(self, database: Database, stage: Stage, bank: Bank) -> None:
        self._database = database
        self._stage = stage
        self._bank = bank

    @rpc("POST /till/v1/sales", allow=PUBLIC, errors=(SoldOut,))
    async def sell(self, item: Annotated[str, Length(1, 40)], note: str = "") -> Receipt:
        await self._database.execute(SALE, current().site, item)
        return Receipt(item, await self._stage.enter("sell"))

    @rpc("POST /till/v1/sales:once", allow=PUBLIC)
    async def sell_once(self, item: str) -> bool:
        """Whether it was new; one refused statement is no reason to refuse the others."""
        try:
            await self._database.execute("insert into till.only (item) values ($1)", item)
        except AlreadyExists:
            await self._database.execute(SALE, current().site, item)
            return False
        return True

    @rpc("POST /till/v1/sales:block", allow=PUBLIC)
    async def sell_in_a_block(self, item: str) -> int:
        async def work() -> int:
            await self._database.execute(SALE, current().site, item)
            return await self._stage.enter("block")

        return await self._database.transact(work)

    @rpc("POST /till/v1/sales:wrong", allow=PUBLIC)
    async def sell_wrongly(self, item: str) -> None:
        """Calls in the middle of a block, which nobody may."""
        async with self._database.transaction():
            await self._database.execute(SALE, current().site, item)
            await self._bank.charge(item)

    @rpc("POST /till/v1/sales:charged", allow=PUBLIC)
    async def sell_charged(self, item: str) -> Receipt:
        """Calls first and writes last."""
        await self._bank.charge(item)
        await self._database.execute(SALE, current().site, item)
        return Receipt(item, await self._stage.enter("charged"))

    @rpc("POST /till/v1/sales:hasty", allow=PUBLIC)
    async def sell_hastily(self, item: str) -> Receipt:
        """Writes first and calls last."""
        await self._database.execute(SALE, current().site, item)
        await self._bank.charge(item)
        return Receipt(item, await self._stage.enter("hasty"))


class Shop:
    """The services, and what is asked of them by HTTP."""

    def __init__(self, host: Host, database: Database, stage: Stage, clock: ManualClock) -> None:
        self.host = host
        self.database = database
        self.stage = stage
        self.clock = clock
        self.ledger = Ledger(database, clock)

    async def ask(self, verb: str, body: str, key: str = "", path: str = "", **headers: str):
        lines = {"host": "x", "content-type": "application/json", **headers}
        if key:
            lines["idempotency-key"] = key
        lines["content-length"] = str(len(body.encode()))
        head = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in lines.items())
        path = path or f"/till/v1/sales{verb}"
        channel = await connect(Address(self.host.url), None)
        try:
            async with asyncio.timeout(PATIENCE):
                return await channel.exchange(f"POST {path} HTTP/1.1\r\n{head}\r\n{body}".encode())
        finally:
            channel.close()

    async def sold(self, item: str) -> int:
        row = await self.database.fetch_row(SALES, item)
        return row[0]


@pytest.fixture
async def shop(postgres):
    for text in (
        "create schema till",
        "create table till.sale (site_id text, item text)",
        "create table till.only (item text primary key)",
    ):
        await postgres.execute(text)
    clock, stage = ManualClock(datetime(2026, 1, 1, tzinfo=UTC)), Stage()
    postgres.clock = clock
    host = Host([Till, Bank], HostConfig(docs=False), provided={Database: postgres, Stage: stage})
    made = Shop(host, postgres, stage, clock)
    async with host:
        yield made


APPLE = '{"item": "apple"}'


async def test_the_answer_is_given_again_and_nothing_happens_twice(shop) -> None:
    first = await shop.ask("", APPLE, "k1")
    again = await shop.ask("", ' { "item" :"apple", "note": "" }', "k1")
    assert (first[0], first[2]) == (again[0], again[2]) == (200, b'{"item":"apple","number":1}')
    assert (b"idempotent-replayed" in first[1], again[1][b"idempotent-replayed"]) == (
        False,
        b"true",
    )
    assert (await shop.sold("apple"), shop.stage.ran["sell"]) == (1, 1)


async def test_without_a_key_everything_happens_each_time(shop) -> None:
    assert [(await shop.ask("", APPLE))[2] for _ in range(2)] == [
        b'{"item":"apple","number":1}',
        b'{"item":"apple","number":2}',
    ]
    assert await shop.sold("apple") == 2


async def test_of_a_hundred_at_once_one_sells(shop) -> None:
    shop.stage.go_on.clear()
    racers = [asyncio.create_task(shop.ask("", APPLE, "race")) for _ in range(100)]
    await asyncio.wait_for(shop.stage.entered.wait(), PATIENCE)
    shop.stage.go_on.set()
    answers = [answer async for answer in in_turn(racers)]
    told = Counter(answer[0] for answer in answers)
    assert set(told) <= {200, 409}, told
    assert told[200] >= 1
    assert len({answer[2] for answer in answers if answer[0] == 200}) == 1
    assert (await shop.sold("apple"), shop.stage.ran["sell"]) == (1, 1)
    assert (await shop.ask("", APPLE, "race"))[0] == 200


async def in_turn(tasks):
    for task in tasks:
        yield await task


async def test_a_twin_in_flight_is_told_to_come_again(shop) -> None:
    shop.stage.go_on.clear()
    first = asyncio.create_task(shop.ask("", APPLE, "twin"))
    await asyncio.wait_for(shop.stage.entered.wait(), PATIENCE)
    status, headers, body = await shop.ask("", APPLE, "twin")
    assert (status, headers[b"retry-after"]) == (409, b"1")
    assert b"idempotency_key_in_flight" in body
    shop.stage.go_on.set()
    assert (await first)[0] == 200


@pytest.mark.parametrize("verb", ["", ":charged"])
async def test_who_leaves_and_asks_again_gets_the_answer_of_what_went_on(shop, verb) -> None:
    shop.stage.go_on.clear()
    first = asyncio.create_task(shop.ask(verb, APPLE, "left"))
    await asyncio.wait_for(shop.stage.entered.wait(), PATIENCE)
    first.cancel()
    await asyncio.wait((first,))
    async with asyncio.timeout(PATIENCE):
        while [*shop.host.connections]:
            await asyncio.sleep(0)
    shop.stage.go_on.set()
    again = await shop.ask(verb, APPLE, "left")
    while again[0] == 409:
        again = await shop.ask(verb, APPLE, "left")
    assert again[1][b"idempotent-replayed"] == b"true"
    assert set(shop.stage.ran.values()) == {1}


async def test_a_key_of_another_request_is_refused(shop) -> None:
    await shop.ask("", APPLE, "k")
    status, _, body = await shop.ask("", '{"item": "pear"}', "k")
    assert (status, b"idempotency_key_reused" in body) == (422, True)
    assert await shop.sold("pear") == 0


async def test_both_addresses_of_a_method_know_the_same_keys(shop) -> None:
    await shop.ask("", APPLE, "k")
    _, headers, body = await shop.ask("", APPLE, "k", path="/till.v1.Till/Sell")
    assert (body, headers[b"idempotent-replayed"]) == (b'{"item":"apple","number":1}', b"true")


async def test_a_key_of_one_method_is_not_that_of_another(shop) -> None:
    await shop.ask("", APPLE, "k")
    assert (await shop.ask(":charged", APPLE, "k"))[0] == 200
    assert await shop.sold("apple") == 2


async def test_a_key_of_one_site_or_principal_is_not_that_of_another(shop) -> None:
    till = shop.host.get(Till)
    for site, who in (("a", "ada"), ("a", "eve"), ("b", "ada")):
        with acting(Principal("member", who), site=site, locale="en") as _:
            from hanse.runtime.call.context import Keyed, running

            running.get().keyed = Keyed("same")
            await till.sell("apple")
    assert await shop.sold("apple") == 3


async def test_a_fault_of_ours_is_given_again_and_leaves_nothing(shop) -> None:
    shop.stage.failures.append(ValueError("secret"))
    first = await shop.ask("", APPLE, "k")
    again = await shop.ask("", APPLE, "k")
    assert (first[0], again[0], again[1][b"idempotent-replayed"]) == (500, 500, b"true")
    assert b"secret" not in again[2]
    assert (await shop.sold("apple"), shop.stage.ran["sell"]) == (0, 1)


async def test_a_refusal_is_given_again_with_its_fields(shop) -> None:
    shop.stage.failures.append(SoldOut("No more.", left=0))
    first = await shop.ask("", APPLE, "k")
    again = await shop.ask("", APPLE, "k")
    assert first[0] == again[0] == 400
    assert b'"code":"sold_out"' in again[2]
    assert b'"left":0' in again[2]
    assert shop.stage.ran["sell"] == 1


@pytest.mark.parametrize(
    "failure", [Unavailable("away"), ResourceExhausted("much"), Aborted("busy")]
)
async def test_failures_of_the_moment_are_not_kept(shop, failure) -> None:
    shop.stage.failures.append(failure)
    first = await shop.ask("", APPLE, "k")
    again = await shop.ask("", APPLE, "k")
    assert (first[0], again[0]) == (failure.status, 200)
    assert await shop.sold("apple") == 1


async def test_what_is_refused_before_it_begins_leaves_the_key_free(shop) -> None:
    assert (await shop.ask("", '{"item": ""}', "k"))[0] == 400
    assert (await shop.ask("", APPLE, "k"))[0] == 200


@pytest.mark.parametrize("key", ["x" * 256, "a b", "ü"])
async def test_what_is_no_key_is_refused(shop, key) -> None:
    status, _, body = await shop.ask("", APPLE, key)
    assert (status, b"idempotency_key_refused" in body) == (400, True)


async def test_an_answer_is_kept_for_two_days(shop) -> None:
    await shop.ask("", APPLE, "k")
    shop.clock.advance(KEPT - timedelta(seconds=1))
    assert (await shop.ask("", APPLE, "k"))[1][b"idempotent-replayed"] == b"true"
    shop.clock.advance(2)
    assert b"idempotent-replayed" not in (await shop.ask("", APPLE, "k"))[1]
    assert await shop.sold("apple") == 2


async def test_what_is_over_is_swept_and_nothing_else(shop) -> None:
    await shop.ask("", APPLE, "old")
    shop.clock.advance(KEPT)
    await shop.ask("", APPLE, "new")
    shop.clock.advance(1)
    assert await shop.ledger.sweep() == 1
    assert (await shop.ask("", APPLE, "new"))[1][b"idempotent-replayed"] == b"true"


async def test_a_refused_statement_is_no_reason_to_refuse_the_others(shop) -> None:
    """As without a key: what a handler makes of an error of the database is its business."""
    assert [(await shop.ask(":once", APPLE, key))[2] for key in ("1", "2", "2")] == [
        b"true",
        b"false",
        b"false",
    ]
    assert await shop.sold("apple") == 1


async def test_a_block_of_a_handler_is_a_part_of_it(shop) -> None:
    assert [(await shop.ask(":block", APPLE, "k"))[2] for _ in range(2)] == [b"1", b"1"]
    assert await shop.sold("apple") == 1


async def test_nobody_calls_in_the_middle_of_a_block(shop) -> None:
    """A key is no reason to commit half of it: as without one, nothing of it is done."""
    answers = [(await shop.ask(":wrong", APPLE, key))[0] for key in ("k", "")]
    assert (answers, await shop.sold("apple"), await shop.sold("charge apple")) == ([500] * 2, 0, 0)


async def test_what_a_keyed_call_calls_happens_once_too(shop) -> None:
    """It fails after the call, and all is asked again."""
    shop.stage.fails_at = "charged"
    shop.stage.failures += [Unavailable("away")]
    calls = [await shop.ask(":charged", APPLE, "k") for _ in range(3)]
    assert [one[0] for one in calls] == [503, 200, 200]
    assert (await shop.sold("apple"), await shop.sold("charge apple")) == (1, 1)


async def test_calls_that_are_alike_are_two(shop) -> None:
    await shop.ask(":charged", APPLE, "k1")
    await shop.ask(":charged", APPLE, "k2")
    assert await shop.sold("charge apple") == 2


async def test_what_was_written_before_a_call_is_done_once(shop) -> None:
    assert [(await shop.ask(":hasty", APPLE, "k"))[0] for _ in range(2)] == [200, 200]
    assert (await shop.sold("apple"), await shop.sold("charge apple")) == (1, 1)


async def test_who_failed_after_a_part_of_the_work_is_never_run_again(shop) -> None:
    shop.stage.fails_at = "hasty"
    shop.stage.failures += [Unavailable("away")]
    assert (await shop.ask(":hasty", APPLE, "k", connect_timeout_ms="200"))[0] == 503
    answers = []
    async with asyncio.timeout(PATIENCE):
        while not answers or b"idempotency_key_interrupted" not in answers[-1]:
            answers.append((await shop.ask(":hasty", APPLE, "k"))[2])
    assert all(b"idempotency_key_" in one for one in answers)
    assert await shop.sold("apple") == 1


async def test_what_was_aborted_after_a_part_of_the_work_is_an_answer(shop) -> None:
    shop.stage.fails_at = "hasty"
    shop.stage.failures.append(Aborted("busy"))
    answers = [await shop.ask(":hasty", APPLE, "k") for _ in range(2)]
    assert [status for status, _, _ in answers] == [409, 409]
    assert [b'"code":"aborted"' in body for _, _, body in answers] == [True, True]
    assert (await shop.sold("apple"), await shop.sold("charge apple")) == (1, 1)


async def test_who_lost_the_key_has_done_nothing(shop) -> None:
    """It took longer than its lease, and somebody else began meanwhile."""
    shop.stage.go_on.clear()
    slow = asyncio.create_task(shop.ask("", APPLE, "k"))
    await asyncio.wait_for(shop.stage.entered.wait(), PATIENCE)
    await shop.database.execute("update hanse.idempotency set token = 'another'")
    shop.stage.go_on.set()
    status, _, _ = await slow
    assert (status, await shop.sold("apple")) == (409, 0)
