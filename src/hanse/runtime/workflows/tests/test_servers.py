"""Workflows on each PostgreSQL, direct and behind a pooler."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hanse.kit.clock import ManualClock
from hanse.runtime.data.database import Database
from hanse.runtime.data.tests.servers import Place
from hanse.runtime.host import Host
from hanse.runtime.workflows.failure import WorkflowCanceled
from hanse.runtime.workflows.tests.shop import Bank, Receipt, Shop, Wanted
from hanse.runtime.workflows.tests.test_limits import Wharf
from hanse.runtime.workflows.tests.test_processes import Travel
from hanse.runtime.workflows.tests.test_schedules import Clockwork
from hanse.testing import acting
from hanse.testing.world import MORNING


async def test_all_of_it_works_on_every_server_and_behind_a_pooler(place: Place) -> None:
    clock, bank = ManualClock(MORNING), Bank()
    database = Database(place.config(), clock)
    services = [Shop, Travel, Wharf, Clockwork]
    async with Host(services, clock=clock, provided={Database: database, Bank: bank}) as host:
        shop, travel, wharf, clockwork = host._services
        catch_up = database.upkeep.catch_up
        await catch_up()
        with acting():
            await shop._workflows.start(shop.place, Wanted("a boat", wait=86400), id="order")
            family = await travel.workflows.start(travel.family)
            await wharf.workflows.start_many(wharf.load, [("a", str(n)) for n in range(3)])
            await catch_up()
            await travel.workflows.cancel(travel.family, family)
            clock.advance(timedelta(days=1))
            await catch_up()
            assert await shop._workflows.result(shop.place, "order") == Receipt("a boat", "paid 1")
            with pytest.raises(WorkflowCanceled):
                await travel.workflows.result(travel.family, family)
            assert sorted(wharf.log) == ["0", "1"]
            assert "each 02" in clockwork.log
