"""What a region reports the others have; what they follow it is told; nothing is lost that broke."""

from __future__ import annotations

import asyncio
import json

import nats
import pytest

from hanse.fleet.directory.entries import Desired, GroupEntry, HostEntry
from hanse.fleet.directory.failures import DirectoryConflict, DirectoryRefused
from hanse.fleet.directory.others import Others
from hanse.fleet.directory.shared import SharedDirectory
from hanse.fleet.directory.tests.conftest import PATIENCE
from hanse.kit.clock import monotonic, wait_set
from hanse.runtime.broker.connection import _security

CART = "cart.v1.Carts"


def group(*names: str, leaving: tuple[str, ...] = (), contract: str = CART) -> GroupEntry:
    hosts = (HostEntry(one, f"https://{one}", leaving=one in leaving) for one in names)
    return GroupEntry((contract,), tuple(hosts))


async def until(directory: SharedDirectory, true) -> Others:
    """The first picture of which something is true."""
    async with asyncio.timeout(PATIENCE):
        others = directory.others()
        while not true(others):
            others = await directory.until_changed(others.number)
        return others


async def follow(directory: SharedDirectory) -> None:
    """As a control process whose hosts read at once."""
    others = directory.others()
    while True:
        await directory.applied_here(others.revision)
        others = await directory.until_changed(others.number)


async def test_what_a_region_reports_the_others_have(directories) -> None:
    head, r1, r2, r4 = await directories.begin("head", "r1", "r2", "r4")
    await asyncio.gather(*(until(one, lambda seen: not seen.old) for one in (head, r1, r2, r4)))
    await r1.report("shop", group("r1.shop-1", "r1.shop-2", leaving=("r1.shop-2",)))
    await r4.report("shop", group("r4.shop-1"))
    for one in (r2, head):
        seen = await until(one, lambda seen: len(seen.elsewhere.get(CART, ())) == 2)
        assert seen.elsewhere == {CART: ("https://r1.shop-1", "https://r4.shop-1")}
        assert [(each.name, each.live) for each in seen.regions] == [
            ("r1", True), ("r2", True), ("r4", True),
        ]  # fmt: skip
    seen = await until(r1, lambda seen: CART in seen.elsewhere)
    assert seen.elsewhere[CART] == ("https://r4.shop-1",)  # never one's own
    await r1.report("shop", None)
    await until(r4, lambda seen: CART not in seen.elsewhere)


async def test_a_host_may_end_when_all_who_live_follow(directories) -> None:
    _, r1, r2, r3, r4 = await directories.begin("head", "r1", "r2", "r3", "r4")
    await asyncio.gather(*(until(one, lambda seen: not seen.old) for one in (r1, r2, r3, r4)))
    await until(r1, lambda seen: [one.live for one in seen.regions] == [True] * 4)
    following = [asyncio.create_task(follow(one)) for one in (r2, r4)]
    revision = await r1.report("shop", group("r1.shop-1", leaving=("r1.shop-1",)))
    assert await r1.applied(revision, 0.3) == ("r3",)
    assert await r1.report("shop", group("r1.shop-1", leaving=("r1.shop-1",))) == revision
    following.append(asyncio.create_task(follow(r3)))
    assert await r1.applied(revision, PATIENCE) == ()
    for task in following:
        task.cancel()


async def test_what_is_reported_again_is_told_unless_it_is_there(directories) -> None:
    _, r1, r2 = await directories.begin("head", "r1", "r2")
    await asyncio.gather(*(until(one, lambda seen: not seen.old) for one in (r1, r2)))
    one, other = group("r1.a-1"), group("r1.a-2")
    first = await r1.report("again", one)
    await until(r2, lambda seen: seen.revision >= first)
    await until(r1, lambda seen: any("again" in each.groups for each in seen.regions))
    revisions = [first]
    for entry in (other, one, other, one):  # faster than they come back
        revisions.append(await r1.report("again", entry))
    assert revisions == sorted(set(revisions))
    seen = await until(r2, lambda seen: seen.revision >= revisions[-1])
    assert "https://r1.a-1" in seen.elsewhere[CART]
    await r1.report("again", None)


async def test_who_is_drained_is_called_where_there_is_no_other(directories) -> None:
    _, r1, r2, r3 = await directories.begin("head", "r1", "r2", "r3")
    mine = "till.v1.Tills"
    await asyncio.gather(*(until(one, lambda seen: not seen.old) for one in (r1, r2, r3)))
    await r1.report("till", group("r1.till-1", contract=mine))
    await r2.report("till", group("r2.till-1", contract=mine))
    await until(r3, lambda seen: len(seen.elsewhere.get(mine, ())) == 2)
    directories.drained.add("r1")
    revision = await r1.renew()
    seen = await until(r3, lambda seen: seen.revision >= revision)
    assert seen.elsewhere[mine] == ("https://r2.till-1",)
    await directories.end("r1")
    (r1,) = await directories.begin("r1")
    await until(r1, lambda seen: not seen.old)
    revision = await r2.report("till", None)
    seen = await until(r3, lambda seen: seen.revision >= revision)
    assert seen.elsewhere[mine] == ("https://r1.till-1",)
    assert [one.drained for one in seen.regions][:2] == [True, False]
    directories.drained.clear()  # said by the lease that comes next, whoever is told of it
    await until(r3, lambda seen: not seen.regions[0].drained)


async def test_what_is_desired_is_exchanged_by_its_revision(directories) -> None:
    (head,) = await directories.begin("head")
    (r4,) = await directories.begin("r4", request_timeout=0.3)
    first = await head.desire("flags.new_tax", b"1", 0)
    assert head.desired("flags.new_tax") == Desired(b"1", first)  # one reads what one wrote
    second = await head.desire("flags.new_tax", b"2", first)
    for stale in (0, first):
        with pytest.raises(DirectoryConflict, match="written by somebody else") as caught:
            await head.desire("flags.new_tax", b"3", stale)
        assert caught.value.key == "desired.flags.new_tax"
    async with asyncio.timeout(PATIENCE):
        while (found := r4.desired("flags.new_tax")) is None or found.value != b"2":
            await wait_set(asyncio.Event(), 0.01)
    assert found.revision == second
    with pytest.raises(DirectoryRefused, match="a region writes its own keys"):
        await r4.desire("flags.new_tax", b"4", second)


async def test_a_region_that_dies_is_out_and_one_that_starts_knows_what_was(directories) -> None:
    r1, r2 = (await directories.begin("head", "r1", "r2"))[1:]
    await asyncio.gather(*(until(one, lambda seen: not seen.old) for one in (r1, r2)))
    await r1.report("shop", group("r1.shop-1"))
    seen = await until(r2, lambda seen: "https://r1.shop-1" in seen.elsewhere.get(CART, ()))
    await r2.applied_here(seen.revision)
    await directories.end("r2")
    (again,) = await directories.begin("r2")
    seen = again.others()  # before any broker has answered
    assert seen.old
    assert "https://r1.shop-1" in seen.elsewhere[CART]
    await until(again, lambda seen: not seen.old)


@pytest.mark.long
async def test_a_lease_ends_by_the_clock_of_who_looks(directories) -> None:
    _, r1, r2, r3 = await directories.begin("head", "r1", "r2", "r3")
    await until(r1, lambda seen: [one.live for one in seen.regions][:3] == [True] * 3)
    await r2.report("shop", group("r2.shop-1"))
    await r3.report("shop", group("r3.shop-1"))
    begun = monotonic()
    await directories.end("r2")
    seen = await until(r1, lambda seen: not next(o for o in seen.regions if o.name == "r2").live)
    assert 4.0 < monotonic() - begun < 8.0
    assert seen.elsewhere[CART] == ("https://r3.shop-1",)
    revision = await r1.report("shop", group("r1.shop-1"))
    assert await r1.applied(revision, 0.5) == ("r3",)  # nobody waits for the dead


async def test_natss_own_tools_read_it(directories) -> None:
    """The layout is that of a bucket (ADR-8), by the client's own class."""
    head, r1 = await directories.begin("head", "r1")
    await r1.report("tools", group("r1.tools-1"))
    config = directories.cluster.of_head()
    client = await nats.connect(
        config.urls(), inbox_prefix=config.inbox, allow_reconnect=False, **_security(config)
    )
    bucket = await client.jetstream(domain="hanse").key_value("directory")
    found = await bucket.get("region.r1.group.tools")
    assert json.loads(found.value)["hosts"][0]["name"] == "r1.tools-1"
    assert (await bucket.status()).history == 1
    await client.close()
