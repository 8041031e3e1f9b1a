"""Whom a host calls between machines, and what rotation of identities costs: nothing."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from hanse import Host, HostConfig, Tls
from hanse.fleet.identity.tests.realm import FORGED, Realm, now
from hanse.runtime.call.tests.test_peer import Mine, Mood, Moody
from hanse.runtime.errors import Unavailable

MOODY = "moody.v1.Moody"


@pytest.fixture
def realm(tmp_path) -> Realm:
    return Realm(tmp_path)


def callee(tls: Tls) -> Host:
    return Host([Mine], HostConfig(port=None, mutual_port=0, tls=tls), provided={Mood: Mood()})


def caller(tls: Tls, *hosts: Host) -> Host:
    return Host(
        [], HostConfig(port=None, tls=tls, directory={MOODY: tuple(one.url for one in hosts)})
    )


async def test_a_host_of_another_region_is_called_whatever_it_is_called_at(realm):
    async with callee(realm.issue()) as host:
        calling = caller(realm.issue(name="r2.shop-1", region="r2"), host)
        async with calling:
            assert await calling.get(Moody).once() == "fine"


IMPOSTORS = [*FORGED, "a gateway", "a control process", "a namesake of another project"]


@pytest.mark.parametrize("kind", IMPOSTORS)
async def test_who_is_no_host_of_ours_is_told_nothing(realm, tmp_path, kind):
    # given somebody who listens where a host of ours should
    if kind == "a namesake of another project":
        shown = Realm(tmp_path / "namesake", realm.project).issue()
        shown = Tls(shown.certificate, shown.key, realm.issue().authority)
    elif kind in FORGED:
        shown = realm.forged(kind)
    else:
        shown = realm.issue("gateway" if "gateway" in kind else "control")
    lets_in = Tls(shown.certificate, shown.key, shown.authority)  # whoever comes
    async with callee(lets_in) as impostor:
        calling = caller(realm.issue(name="r2.shop-1", region="r2"), impostor)
        # when, then
        async with calling:
            with pytest.raises(Unavailable):
                await calling.get(Moody).once()
        assert impostor.metrics.of(MOODY, "Once").codes == {"": 0}


async def test_a_connection_that_is_opened_later_goes_by_what_is_there_then(realm, tmp_path):
    # given
    serving, own = (realm.issue(name=f"r1.{name}-1") for name in ("desk", "shop"))
    async with callee(serving) as host, caller(own, host) as calling:
        assert await calling.get(Moody).once() == "fine"
        # when the project has another root, and the connection ends
        Realm(tmp_path / "another", realm.project).replace(realm, "r1.desk-1", "r1.shop-1")
        for one in (host, calling):
            one._doors.look()
        for connection in host.connections:
            connection.abort()
        # then
        assert await calling.get(Moody).again() == "fine"


class Load:
    """Calls over one link, and calls by callers that have just come and open a connection."""

    def __init__(self, host: Host, own: Tls) -> None:
        self._host, self._own = host, own
        self._ended = asyncio.Event()
        self.answered = self.opened = 0

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group, caller(self._own, self._host) as calling:
            for _ in range(4):
                group.create_task(self._call(calling))
            await group.create_task(self._come())

    def end(self) -> None:
        self._ended.set()

    async def _call(self, calling: Host) -> None:
        while not self._ended.is_set():
            assert await calling.get(Moody).again() == "fine"
            self.answered += 1

    async def _come(self) -> None:
        while not self._ended.is_set():
            async with caller(self._own, self._host) as calling:
                assert await calling.get(Moody).once() == "fine"
            self.opened += 1


async def test_certificates_are_exchanged_under_load_and_nothing_fails(realm):
    # given
    serving, own = (realm.issue(name=f"r1.{name}-1") for name in ("desk", "shop"))
    async with callee(serving) as host:
        load = Load(host, own)
        running = asyncio.create_task(load.run())
        # when
        for _ in range(5):
            for name in ("desk", "shop"):
                realm.exchange(f"r1.{name}-1")
            opened = load.opened
            while load.opened < opened + 5 and not running.done():
                await asyncio.sleep(0)
                host._doors.look()
        load.end()
        # then
        await running
        assert load.answered > 100


@pytest.mark.long
async def test_certificates_run_out_under_load_and_nothing_fails(realm):
    # given certificates of seconds
    region = realm.region(life=timedelta(seconds=3))
    serving, own = (region.issue("host", f"r1.{name}-1", now=now()) for name in ("desk", "shop"))
    async with callee(serving) as host:
        load = Load(host, own)
        running = asyncio.create_task(load.run())
        exchanged = 0
        # when five of them have run out
        while exchanged < 10 and not running.done():
            exchanged += len(region.renew(now()).renewed)
            await asyncio.sleep(0.1)
        load.end()
        # then
        await running
        assert load.opened > 50
