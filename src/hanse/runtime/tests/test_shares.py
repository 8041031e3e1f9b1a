"""Hosts that are judged get the share of calls that the file says, for as long as somebody says so."""

import asyncio
import json
from collections import Counter
from contextlib import AsyncExitStack
from itertools import count

import pytest

from hanse import Host
from hanse.runtime.placement.shares import Shares
from hanse.runtime.tests.shelves import PATIENCE, SHELF, Fleet, Shelf, Shop, until

FOREVER = 3600.0


class Judged(Fleet):
    """A settled host, a canary and its twin."""

    def __init__(self, folder, stack) -> None:
        super().__init__(folder, stack)
        self.shares = folder / "shares.json"
        self.revisions = count(1)

    async def start(self) -> Host:
        self.write(await self.shelf("settled"))
        for name in ("canary", "twin"):
            await self.shelf(name)
        self.give({}, hosts={"canary": 0.0})
        return await self.caller(Shop, shares_file=self.shares)

    def give(self, shares: dict[str, float], seconds: float = FOREVER, **rest: object) -> int:
        parts = [
            {"addresses": [f"unix:{self.folder / name}.sock"], "share": share}
            for name, share in shares.items()
        ]
        told = {"revision": next(self.revisions), "lease_seconds": seconds}
        new = self.shares.with_suffix(".new")
        new.write_text(json.dumps(told | {"contracts": {SHELF: parts}} | rest))
        new.replace(self.shares)
        return told["revision"]


@pytest.fixture
async def fleet(tmp_path):
    async with AsyncExitStack() as stack:
        yield Judged(tmp_path, stack)


def applied(host: Host) -> float:
    [family] = [one for one in host.metrics.families() if one.name == "hanse_shares_revision"]
    [series] = family.series.values()
    return series.value


async def answers(host: Host, number: int) -> Counter[str]:
    return Counter([await host.get(Shop).place() for _ in range(number)])


async def test_each_part_gets_its_share_of_calls(fleet):
    host = await fleet.start()

    revision = fleet.give({"canary": 0.1, "twin": 0.3})
    await until(lambda: applied(host) == revision)
    found = await answers(host, 2000)

    # five standard deviations are 67 and 103 calls
    assert abs(found["canary"] - 200) < 67, found
    assert abs(found["twin"] - 600) < 103, found
    assert found["settled"] == 2000 - found["canary"] - found["twin"]


async def test_who_is_deployed_together_calls_each_other_as_long_as_these_answer(fleet):
    settled, canary = [await fleet.shelf(name) for name in ("settled", "canary")]
    fleet.give({"canary": 0.0})
    said = {"services": {SHELF: [settled]}}
    said["together"] = [
        {"hosts": ["old"], "services": {SHELF: [settled]}},
        {"hosts": ["other", "new"], "services": {SHELF: [canary]}},
    ]
    fleet._write(said)
    hosts = {
        name: await fleet.caller(Shop, shares_file=fleet.shares, name=name)
        for name in ("old", "new", "nobody")
    }

    found = {name: set(await answers(host, 20)) for name, host in hosts.items()}
    assert found == {"old": {"settled"}, "new": {"canary"}, "nobody": {"settled"}}
    await fleet.hosts["canary"].stop()
    assert set(await answers(hosts["new"], 20)) == {"settled"}


async def test_what_is_taken_back_is_taken_back_at_once(fleet):
    host = await fleet.start()
    revision = fleet.give({"canary": 1.0})
    await until(lambda: applied(host) == revision)
    assert set(await answers(host, 20)) == {"canary"}

    revision = fleet.give({"canary": 0.0})
    await until(lambda: applied(host) == revision)

    assert set(await answers(host, 100)) == {"settled"}


async def test_shares_that_nobody_renews_run_out(fleet):
    host = await fleet.start()
    revision = fleet.give({"canary": 1.0}, seconds=1.0)
    await until(lambda: applied(host) == revision)
    assert set(await answers(host, 20)) == {"canary"}

    async with asyncio.timeout(PATIENCE):
        while set(await answers(host, 5)) != {"settled"}:
            pass

    assert set(await answers(host, 20)) == {"settled"}


async def test_a_call_that_the_canary_does_not_take_is_taken_by_the_others(fleet):
    host = await fleet.start()
    revision = fleet.give({"canary": 1.0})
    await until(lambda: applied(host) == revision)

    await fleet.hosts["canary"].stop()

    assert set(await answers(host, 20)) == {"settled"}


async def test_hosts_are_parted_from_when_they_are_judged_no_more(fleet):
    host = await fleet.start()
    revision = fleet.give({"canary": 1.0})
    await until(lambda: applied(host) == revision)
    await host.get(Shelf).place()
    assert fleet.hosts["canary"].connections

    fleet.give({})

    await until(lambda: not fleet.hosts["canary"].connections)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        (
            '{"revision": 9, "contracts": {"a.v1.A": [{"addresses": [], "share": 1.2}]}}',
            "1 at most",
        ),
        ('{"revision": 9, "contracts": {"a.v1.A": [{"addresses": [], "share": -1}]}}', "0 or more"),
        (
            '{"revision": 9, "contracts": {"a.v1.A": [{"addresses": ["ftp://x"], "share": 1}]}}',
            "ftp",
        ),
        ('{"revision": "nine"}', "int"),
        ("{" * 100_000, "JSON"),
        (" " * 2_000_000, "longer"),
    ],
)
def test_what_cannot_be_shares_changes_nothing_and_runs_out(tmp_path, caplog, said, why):
    file = tmp_path / "shares.json"
    shares = Shares(file, "canary")
    good = {"addresses": ["unix:a.sock"], "share": 0.5}
    file.write_text(json.dumps({"revision": 1, "contracts": {"a.v1.A": [good]}}))
    assert shares.look(0.0, _refusing_ftp)

    file.write_text(said)
    changed = shares.look(5.0, _refusing_ftp)

    assert not changed
    assert why in caplog.text
    assert [one.share for one in shares.of("a.v1.A")] == [0.5]
    assert shares.look(10.0, _refusing_ftp)
    assert shares.of("a.v1.A") == ()


def test_a_lease_counts_from_when_its_revision_was_first_seen(tmp_path):
    file = tmp_path / "shares.json"
    shares = Shares(file, "canary")

    def write(revision: int) -> None:
        file.write_text(json.dumps({"revision": revision, "hosts": {"canary": 0.25}}))

    write(1)
    shares.look(100.0, len)
    assert shares.own() == 0.25
    write(2)
    shares.look(109.0, len)
    shares.look(118.9, len)
    assert shares.own() == 0.25
    # the same again is no renewal
    write(2)
    shares.look(118.95, len)
    shares.look(119.0, len)
    assert shares.own() == 0.0


def test_who_is_not_judged_has_its_whole_share_of_what_nobody_calls(tmp_path):
    file = tmp_path / "shares.json"
    file.write_text(json.dumps({"revision": 1, "hosts": {"canary": 0.25}}))
    shares = Shares(file, "shop-1")

    shares.look(0.0, len)
    assert shares.own() == 1.0
    shares.look(1000.0, len)

    assert shares.own() == 1.0


def _refusing_ftp(address: str) -> None:
    if address.startswith("ftp:"):
        raise ValueError(f"{address} cannot be called")
