"""A name server that never answers holds up the webhooks of the site that names it, no others."""

import asyncio
import socket
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest

from hanse import PUBLIC, Events, Workflows
from hanse.runtime.webhooks.egress.egress import Answer, Egress
from hanse.runtime.webhooks.egress.names import LOOKUPS, LOOKUPS_OF_A_SITE, NoThread
from hanse.runtime.webhooks.egress.reach import Reach
from hanse.runtime.webhooks.egress.target import read_target
from hanse.runtime.webhooks.outgoing.book import Book
from hanse.runtime.webhooks.outgoing.settings import WebhookSettings
from hanse.runtime.webhooks.tests.receiver import Receiver
from hanse.runtime.webhooks.tests.yard import BoatMoved, Yard, sent
from hanse.testing import World
from hanse.webhooks import Webhooks


class SlowNames:
    """Looks up `slow.test` for as long as it is held, and any other name at once."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.held = threading.Event()
        self._entered = threading.Semaphore(0)

    def __call__(self, host: str, port: int) -> tuple[str, ...]:
        self.asked.append(host)
        if host == "slow.test":
            self._entered.release()
            self.held.wait(60)
        return ("127.0.0.1",)

    async def entered(self, number: int) -> None:
        """So many look up what is slow."""
        for _ in range(number):
            assert await asyncio.to_thread(self._entered.acquire, timeout=30)


@pytest.fixture
def names() -> Iterator[SlowNames]:
    names = SlowNames()
    yield names
    names.held.set()


async def post(egress: Egress, receiver: Receiver, host: str, site: str) -> Answer:
    target = read_target(f"http://{host}:{receiver.port}/", http=True)
    return await egress.post(target, {}, b"{}", site)


async def ended(tasks: list[asyncio.Task[Answer]]) -> None:
    for one in tasks:
        one.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


async def test_names_of_one_site_that_are_slow_leave_others_their_threads(
    names: SlowNames, receiver: Receiver
) -> None:
    egress = Egress(Reach(["127.0.0.0/8"]), names)
    tasks = [
        asyncio.create_task(post(egress, receiver, "slow.test", "acme")) for _ in range(LOOKUPS + 2)
    ]
    await names.entered(LOOKUPS_OF_A_SITE)
    assert (await post(egress, receiver, "quick.test", "other")).status == 204
    assert names.asked == ["slow.test"] * LOOKUPS_OF_A_SITE + ["quick.test"]
    await ended(tasks)
    egress.close()


async def test_a_thread_counts_until_it_has_ended_although_nobody_waits_for_it(
    names: SlowNames, receiver: Receiver
) -> None:
    egress = Egress(Reach(["127.0.0.0/8"]), names)
    tasks = [
        asyncio.create_task(post(egress, receiver, "slow.test", "acme"))
        for _ in range(LOOKUPS_OF_A_SITE)
    ]
    await names.entered(LOOKUPS_OF_A_SITE)
    await ended(tasks)
    with pytest.raises(NoThread):
        await post(egress, receiver, "quick.test", "acme")
    names.held.set()
    answer = Answer(0)
    while not answer.status:
        try:
            answer = await post(egress, receiver, "quick.test", "acme")
        except NoThread:  # its thread is about to end
            continue
    assert (answer.status, names.asked[-1]) == (204, "quick.test")
    egress.close()


class SlowHooks(Webhooks, events=(BoatMoved,), allow=PUBLIC):
    """Shows what it sends by."""

    made: Egress

    def __init__(
        self, book: Book, workflows: Workflows, events: Events, settings: WebhookSettings
    ) -> None:
        super().__init__(book, workflows, events, settings)
        type(self).made = self._egress


async def test_waiting_for_a_thread_is_no_try(
    names: SlowNames, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = socket.getaddrinfo

    def looked_up(host, port, *rest, **options):
        ours = host in {"slow.test", "quick.test"}
        return real(names(host, port)[0] if ours else host, port, *rest, **options)

    monkeypatch.setattr(socket, "getaddrinfo", looked_up)
    settings = {"slowhooks": {"http": True, "networks": ["127.0.0.0/8"]}}
    async with World(Yard, SlowHooks, settings=settings) as world:
        hooks = world.get(SlowHooks)
        made = await hooks.create_endpoint(f"http://quick.test:{receiver.port}/")
        tasks = [
            asyncio.create_task(post(SlowHooks.made, receiver, "slow.test", "default"))
            for _ in range(LOOKUPS_OF_A_SITE)
        ]
        await names.entered(LOOKUPS_OF_A_SITE)
        await world.get(Yard).move("Ark", "Ararat")
        await sent(world)
        [waits] = (await hooks.list_deliveries(made.endpoint.id)).items
        assert (waits.state, waits.tries, await hooks.list_attempts(waits.id)) == ("sending", 0, ())
        names.held.set()
        await asyncio.gather(*tasks)
        while waits.state == "sending":
            await sent(world, after=timedelta(seconds=10))
            waits = (await hooks.list_deliveries(made.endpoint.id)).items[0]
        assert (waits.state, waits.tries) == ("delivered", 1)
