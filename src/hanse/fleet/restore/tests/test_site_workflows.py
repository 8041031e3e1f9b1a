"""Workflows of persons stay readable, findable and erased where their site is brought back around them."""

import json
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from hanse.fleet.restore.erasing_again import erase_site_again
from hanse.fleet.restore.site_return import bring_site
from hanse.kit.clock import ManualClock
from hanse.runtime.data.database import Database
from hanse.runtime.data.people.tests.crm import Crm
from hanse.runtime.workflows.tests.hiring import (
    GREETED,
    NAME,
    STREET,
    TOLD,
    Applicant,
    Hiring,
    Report,
)
from hanse.testing import PostgresServer, World
from hanse.testing.world import MORNING

BOB, CLEO = "applicant_bob", "applicant_cleo"
EMAIL = "ada@example.org"


@pytest.fixture(scope="module")
def server():
    with PostgresServer() as server:
        yield server


class Sites:
    """A database of two sites, and as it was at a moment."""

    def __init__(self, server: PostgresServer, url: str) -> None:
        self.server, self.url, self.moment = server, url, ""
        self._clock = ManualClock(MORNING)

    @asynccontextmanager
    async def served(self):
        database = Database(self.server.config(self.url))
        async with World(Hiring, Crm, clock=self._clock, provided={Database: database}) as world:
            yield world

    async def keep_the_moment(self) -> None:
        """Has it as a restore has made it."""
        self.moment = await self.server.create(self.url)

    async def bring(self, site: str, folder: Path) -> int:
        await bring_site(self.moment, self.url, site, folder, now=self._clock.now(), dry_run=False)
        return await erase_site_again(self.url, self.server.config(self.url).keys, site)


@pytest.fixture
async def sites(server):
    return Sites(server, await server.create())


async def apply(world: World, site: str, person: str) -> None:
    await world.get(Hiring, site=site).apply(Applicant(person, NAME), person)
    await world.catch_up()


async def workflows_of(world: World, site: str, person: str) -> list[dict]:
    return json.loads(await world.get(Hiring, site=site).export(person))["workflows"]


async def test_processes_of_a_person_go_on_readable_and_theirs_in_a_site_that_is_brought_back(
    sites: Sites, tmp_path: Path
) -> None:
    async with sites.served() as world:
        for site in ("a", "b"):
            await apply(world, site, BOB)
            await world.get(Crm, site=site).add_contact("Bob", "bob@example.org")
    await sites.keep_the_moment()

    async with sites.served() as world:
        await world.get(Crm, site="a").add_contact("Since", "since@example.org")
        await apply(world, "a", CLEO)
        of_b = await workflows_of(world, "b", BOB)
        assert await sites.bring("a", tmp_path) == 0

        await apply(world, "a", "nobody before")
        for person in (BOB, CLEO):
            hiring = world.get(Hiring, site="a")
            await hiring.move(person, STREET)
            await world.catch_up()
            assert await hiring.report(person) == Report(
                f"{GREETED} {NAME}", STREET, TOLD, len(NAME)
            )
            names = {one["name"] for one in await workflows_of(world, "a", person)}
            assert names == {"hiring.v1.Hiring/Hire", "hiring.v1.Hiring/Tell"}
        assert await workflows_of(world, "b", BOB) == of_b
        assert await world.get(Hiring, site="a").erase(CLEO) == 0
        assert await world.get(Hiring, site="a").report(CLEO) == Report(length=len(NAME))


async def test_whose_process_was_erased_after_the_moment_stays_erased_in_it(
    sites: Sites, tmp_path: Path
) -> None:
    orders: dict[str, str] = {}
    async with sites.served() as world:
        for site in ("a", "b"):
            await apply(world, site, EMAIL)
            orders[site] = await world.get(Crm, site=site).add_order(EMAIL, "tea", "12")
    await sites.keep_the_moment()

    async with sites.served() as world:
        await world.get(Hiring, site="a").erase(EMAIL)
        assert await sites.bring("a", tmp_path) == 1

        for site, name, email in (("a", "", ""), ("b", NAME, EMAIL)):
            (left,) = await workflows_of(world, site, EMAIL)
            assert left["values"]["input"]["applicant"]["name"] == (name or None)
            hiring = world.get(Hiring, site=site)
            await hiring.move(EMAIL, STREET)
            await world.catch_up()
            greeting = f"{GREETED} {name}" if name else ""
            assert (await hiring.report(EMAIL)).greeting == greeting
            assert (await world.get(Crm, site=site).order(orders[site])).email == email
