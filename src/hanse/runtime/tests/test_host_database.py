"""A host's database: who may ask for it, and what happens while it is away or unfit."""

import asyncio
from typing import Any, Generic, TypeVar

import pytest

from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.service import Service
from hanse.runtime.data.arrival import DatabaseUnfit
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.errors import Unavailable
from hanse.runtime.host import Host
from hanse.runtime.host_config import HostConfig
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.wiring import WiringError
from hanse.testing import HttpClient, PostgresServer

T = TypeVar("T")


class Shelf(Generic[T]):
    """Something made from the database, of a type that has a parameter."""

    def __init__(self, kind: Any, database: Database) -> None:
        self.kind = kind
        self.database = database

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> "Shelf[Any]":
        return cls(kind, database)


class Teller(Service, package="tell.v1"):
    """Tells what it was given."""

    def __init__(self, database: Database, ints: Shelf[int], texts: Shelf[str]) -> None:
        self.database = database
        self.given = (ints, texts)

    @rpc(allow=PUBLIC)
    async def tell(self) -> int:
        row = await self.database.fetch_row("select 7 as seven")
        assert row is not None
        return row["seven"]


class Second(Service, package="tell.v1"):
    """Asks for the same."""

    def __init__(self, ints: Shelf[int]) -> None:
        self.given = (ints,)

    @rpc(allow=PUBLIC)
    async def nothing(self) -> None: ...


@pytest.fixture
def server():
    with PostgresServer() as started:
        yield started


def test_a_host_without_a_database_says_what_to_write():
    with pytest.raises(WiringError) as caught:
        Host([Teller])
    problems = caught.value.problems
    assert len(problems) == 3
    assert problems[0].startswith("Teller(database: Database): this host has no database")
    assert all("[database]" in problem and "url" in problem for problem in problems)


def test_what_is_made_from_the_database_is_made_once_a_host_and_knows_its_whole_type():
    config = HostConfig(port=None, database=DatabaseConfig(url=Secret("postgresql:///x")))
    host = Host([Teller, Second], config)
    teller, second = host._services
    assert teller.given[0] is second.given[0]
    assert [shelf.kind for shelf in teller.given] == [Shelf[int], Shelf[str]]
    assert {shelf.database for shelf in teller.given} == {host.database}


async def test_a_host_whose_database_is_away_starts_unready_and_becomes_ready_by_itself(server):
    done: list[str] = []
    config = server.config(server.url())
    server.stop(keep=True)
    host = Host([Teller], HostConfig(port=0, database=config))
    assert host.database is not None

    async def step() -> None:
        done.append("prepared")

    host.database.prepare(step)
    async with host:
        client = HttpClient(host.url)
        assert (await client.get("/health/live")).status == 200
        assert (await client.get("/health/ready")).status == 503
        with pytest.raises(Unavailable):
            await host.get(Teller).tell()
        assert done == []
        server.start()
        async with asyncio.timeout(30):
            while (await client.get("/health/ready")).status != 200:
                await asyncio.sleep(0.05)
        assert await host.get(Teller).tell() == 7
        assert done == ["prepared"]


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("mysql://here/x", "like postgresql://user:password@host:5432/name"),
        ("{url}", "there is no such database"),
        ("postgresql://somebody:s3cret@/postgres?host={folder}", "does not let this user in"),
    ],
)
async def test_a_host_does_not_start_where_trying_again_would_not_help(server, url, said):
    folder = server.url().partition("host=")[2]
    url = url.format(url=server.url("nothing_like_it"), folder=folder)
    config = HostConfig(port=0, database=DatabaseConfig(url=Secret(url)))
    with pytest.raises(DatabaseUnfit, match=said) as caught:
        async with Host([Teller], config):
            pass
    assert "s3cret" not in str(caught.value)


async def test_a_database_that_is_not_utf_8_is_refused_with_the_way_out(server):
    async with Database(server.config(server.url())) as admin:
        await admin.execute("create database old encoding 'SQL_ASCII' template template0")
    with pytest.raises(DatabaseUnfit, match="SQL_ASCII; Hanse needs UTF8.*encoding 'UTF8'"):
        async with Database(server.config(server.url("old"))):
            pass


async def test_a_host_shows_what_it_holds_of_the_database(server):
    config = HostConfig(port=0, open_metrics=True, database=server.config(server.url()))
    async with Host([Teller], config) as host:
        await host.get(Teller).tell()
        async with asyncio.timeout(10):
            while True:
                text = (await HttpClient(host.url).get("/metrics")).text
                if 'hanse_database_connections{state="idle"} 1' in text:
                    break
                await asyncio.sleep(0.05)
    assert "hanse_database_waiting 0" in text
    assert "hanse_database_shed_total 0" in text
