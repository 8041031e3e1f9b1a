"""One run: hosts that are killed where a seed says, clients with a ledger, and what is found afterwards."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, NamedTuple, Self

import asyncpg
import psutil

from hanse.kit.fetch import fetch
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing import FAULT_POINTS, PostgresServer
from tests.faults.kills.client import Client
from tests.faults.kills.hosts import PATIENCE_SECONDS, Hosts
from tests.faults.kills.ledger import Ledger
from tests.faults.kills.verdict import Row, Told, complaints, untold

ERRANDS = 120
"""At most, until the point must have been reached."""
LATER = 5
"""More of each client where the host lives on after PostgreSQL was killed."""
TABLES = ("accounts", "purses", "deeds")
WHOM = ("host",) * 6 + ("postgres", "both")

BEGINNING = "pool.connected"
"""Passed when a host begins, before there is anybody to aim."""

BEGINNINGS = (
    "table.made",
    "index.half",
    "index.made",
    "migration.statement",
    "migration.kept",
    "backfill.batch",
)
"""Points of a host that begins, which test_beginnings.py stands at."""

ERASING = "person.key_destroyed"
"""Where test_erasures.py stands."""

ELSEWHERE = (
    "subscription.handled",
    "subscription.kept",
    "subscription.parked",
    "relay.taken",
    "relay.published",
    "workflow.claimed",
    "workflow.step_done",
    "workflow.transaction_kept",
    "workflow.written",
)
"""Points that tests/faults/deals stands at, and tests beside the code: test_relay.py,
test_mortal_hosts.py of subscriptions, and test_dying.py of workflows."""

POINTS = tuple(point for point in FAULT_POINTS if point not in {*BEGINNINGS, ERASING, *ELSEWHERE})
"""Where hosts stand here, in turn."""

Place = tuple[str, str]

ROWS = """
select doc->>'name', revision, coalesce((doc->>'balance')::int, 100), coalesce(doc->>'note', ''),
       coalesce(doc->'scan'->>'sha256', '') from bank.{} where site_id = $1
"""
TOLD = """
select e->>'type', e->'data'->>'name', (e->'data'->>'amount')::int, (e->'data'->>'revision')::int
from (select seq, convert_from(envelope, 'UTF8')::jsonb from hanse.outbox) as o (seq, e)
where e->>'site' = $1 order by seq
"""
TELLS = {"bank.v1.Debited": "accounts", "bank.v1.Credited": "purses"}
OVER = "update hanse.idempotency set lease_end = lease_end - interval '1 hour' where failed is null"
OTHERS = (
    "select count(*) from pg_stat_activity where datname = current_database() "
    "and backend_type = 'client backend' and pid <> pg_backend_pid()"
)


class Plan(NamedTuple):
    """What a run does, all of it from its seed.

    Attributes:
        seed: Draws the rest, and what the clients do.
        point: Where the host stops.
        nth: At which time that it is reached, counted from when the host is told.
        whom: Who is killed then: `host`, `postgres` or `both`.
        wait: Seconds between the stop and the kill, in which PostgreSQL works on.
        clients: How many ask at once; one alone does the same each time.
    """

    seed: int
    point: str
    nth: int
    whom: str
    wait: float
    clients: int


def drawn(seed: int, points: tuple[str, ...]) -> Plan:
    """The plan of a seed: points take turns, so that so many seeds reach all of them."""
    chance = random.Random(seed)
    point = points[seed % len(points)]
    nth = chance.randint(1, 3 if point.startswith(("files", "idempotency")) else 8)
    if point == BEGINNING:
        nth = 1
    whom, wait = chance.choice(WHOM), chance.choice((0.0, 0.0, 0.001, 0.004))
    return Plan(seed, point, nth, whom, wait, chance.choice((1, 2, 3)))


class Ground:
    """What many runs stand on: a PostgreSQL with one database, and hosts ready to be forked."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def __aenter__(self) -> Self:
        self._stack = AsyncExitStack()
        self.server = self._stack.enter_context(PostgresServer())
        self.url = await self.server.create()
        self.config = self.server.config(self.url)
        self.hosts = Hosts(self._folder / "files")
        await self._stack.enter_async_context(self.hosts)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._stack.aclose()

    def kill_postgres(self) -> None:
        """SIGKILL for all its processes, then a start that has to recover."""
        kill_all_of(self.server)
        self.server.stop(keep=True)
        self.server.start()

    async def run(self, plan: Plan) -> Run:
        """Runs a plan; what it was.

        Raises:
            AssertionError: Something acknowledged is lost, something was invented or done by
                halves; or nothing was killed where it should have been.
        """
        path = self._folder / f"ledger-{plan.seed}"
        ledger = Ledger(path)
        run = Run(self, plan, ledger)
        try:
            await run.run()
        except Exception as error:
            error.add_note(f"{plan}; again: HANSE_TEST_SEED={plan.seed}; ledger: {path}")
            await self._stack.aclose()
            await self.__aenter__()  # so that the next run can tell something of its own
            raise
        finally:
            ledger.close()
        path.unlink()
        return run


def kill_all_of(server: PostgresServer) -> None:
    """SIGKILL for a postmaster and all its children; returns when none is there any more."""
    postmaster = psutil.Process(server.pid)
    postmaster.suspend()  # else it has another one while we look
    children = postmaster.children(recursive=True)
    for process in (*children, postmaster):
        process.kill()
    until = time.monotonic() + PATIENCE_SECONDS
    while any(map(_holds_something, children)):
        assert time.monotonic() < until, "what was killed is still there"
        time.sleep(0.002)


def _holds_something(process: psutil.Process) -> bool:
    """Whether it is there, and more than the entry that whoever inherited it has to take away."""
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def aim(url: str, point: str, nth: int) -> None:
    """Has a host that runs stop at a point."""
    body = json.dumps({"point": point, "nth": nth}).encode()
    kind = {"content-type": "application/json"}
    status, _, _ = await fetch(f"{url}/bank/v1/aims", verb="POST", headers=kind, body=body)
    assert status == 204, status


async def rows_of(config: DatabaseConfig, site: str) -> dict[Place, Row]:
    """Straight out of the tables, for it is the platform that is asked here."""
    connection = await asyncpg.connect(config.url.reveal())
    try:
        return {
            (table, name): Row(*row)
            for table in TABLES
            for name, *row in await connection.fetch(ROWS.format(table), site)
        }
    finally:
        await connection.close()


async def told_of(config: DatabaseConfig, site: str) -> list[Told]:
    """What lies in the outbox of transfers, in order."""
    connection = await asyncpg.connect(config.url.reveal())
    try:
        found = await connection.fetch(TOLD, site)
        return [
            Told((TELLS[kind], name), amount, revision) for kind, name, amount, revision in found
        ]
    finally:
        await connection.close()


class Run:
    """A run of a plan on its ground.

    Attributes:
        plan: Which.
        words: What became of its requests, when it is over.
    """

    def __init__(self, ground: Ground, plan: Plan, ledger: Ledger) -> None:
        self._ground, self._hosts, self.plan = ground, ground.hosts, plan
        self.words: Counter[str] = Counter()
        self._ledger = ledger
        self._site = f"s{plan.seed}"
        chance = random.Random(plan.seed)
        self._clients = [
            Client(number, ledger, random.Random(chance.random())) for number in range(plan.clients)
        ]

    async def run(self) -> None:
        self._working = asyncio.gather()
        try:
            await self._all_of_it()
        finally:
            self._working.cancel()  # where it failed, nobody waits for the clients any more

    async def _all_of_it(self) -> None:
        await self._begin()
        await self._each(lambda one: one.prepare())
        if self.plan.point == BEGINNING:
            await self._work_and_start_anew()
        else:
            await self._work_until_it_stops()
        await self._kill()
        await self._nobody_is_at_work()
        await self._begin()
        await self._look()

    async def _begin(self) -> None:
        url = await self._hosts.begin(self._ground.config, site=self._site)
        for client in self._clients:
            client.url = url

    async def _each(self, what: Any) -> None:
        await asyncio.gather(*map(what, self._clients))

    async def _work_until_it_stops(self) -> None:
        await aim(self._clients[0].url, self.plan.point, self._nth())
        self._over = asyncio.Event()
        self._working = asyncio.gather(
            *(one.work(self._over, self.plan.point, ERRANDS) for one in self._clients)
        )
        stopped = asyncio.ensure_future(self._hosts.stopped())
        await asyncio.wait((stopped, self._working), return_when=asyncio.FIRST_COMPLETED)
        if not stopped.done():
            stopped.cancel()
            raise AssertionError(
                f"nothing came to the point, of {len(self._ledger.read())} entries"
            )
        stopped.result()
        self._over.set()

    def _nth(self) -> int:
        """The answer to the aim is one, too."""
        return self.plan.nth + self.plan.point.startswith("answer")

    async def _work_and_start_anew(self) -> None:
        """For what happens when a host begins: one before it has worked, and was killed."""
        over = asyncio.Event()
        await self._each(lambda one: one.work(over, "", LATER))
        await self._hosts.kill()
        plan = self.plan
        url = await self._hosts.begin(
            self._ground.config, site=self._site, point=plan.point, nth=plan.nth
        )
        assert not url, "it was to stop before it listens"

    async def _kill(self) -> None:
        plan = self.plan
        await asyncio.sleep(plan.wait)
        lives_on = plan.whom == "postgres" and plan.point != BEGINNING
        if not lives_on:
            await self._hosts.kill()
        if plan.whom != "host":
            self._ground.kill_postgres()
        if lives_on:
            self._hosts.go_on()
            await self._working
            await self._each(lambda one: one.work(asyncio.Event(), plan.point, LATER))
            await self._hosts.kill()
        await self._working

    async def _nobody_is_at_work(self) -> None:
        """What was sent before a kill may still be under way in PostgreSQL."""
        connection = await asyncpg.connect(self._ground.url)
        try:
            async with asyncio.timeout(PATIENCE_SECONDS):
                while await connection.fetchval(OTHERS):
                    await asyncio.sleep(0.002)
            await connection.execute(OVER)
        finally:
            await connection.close()

    async def _look(self) -> None:
        await self._each(lambda one: one.again())
        found = await rows_of(self._ground.config, self._site)
        assert sum(one.done for one in self._clients) >= 4 * self.plan.clients, (
            "too little was done to tell"
        )
        entries = self._ledger.read()
        self.words.update(one.word for one in entries if one.word != "sent")
        wrong = complaints(entries, found)
        wrong += untold(found, await told_of(self._ground.config, self._site))
        wrong += [f"{place} is read as {read}" for place, read in await self._misread(found)]
        assert not wrong, "\n".join(wrong)
        for client in self._clients:
            client.close()
        await self._hosts.kill()

    async def _misread(self, found: dict[Place, Row]) -> list[tuple[Any, Any]]:
        """What the host itself says otherwise, of rows and of files."""
        url, wrong = self._clients[0].url, []
        for table in TABLES[:2]:
            _, _, body = await fetch(f"{url}/bank/v1/{table}?page_size=500")
            read = {
                (table, one["name"]): Row(one["revision"], one["balance"], one["note"])
                for one in json.loads(body)["items"]
            }
            there = {place: row for place, row in found.items() if place[0] == table}
            wrong += set(read.items()) ^ set(there.items())
        for place, row in found.items():
            if row.digest:
                _, _, body = await fetch(f"{url}/bank/v1/digests/{place[1]}")
                wrong += [(place, body)] * (json.loads(body) != row.digest)
        return wrong
