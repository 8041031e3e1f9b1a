"""What a deployment has control do, with real hosts: a pair with shares, a take-over, a way back."""

import os
import signal
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest

from hanse import Host, HostConfig
from hanse.fleet.control.staging.api import CannotDeploy, Instance, Order, Staging
from tests.end_to_end.fleet import ECHO, RELAY, Fleet, fleet, until
from tests.end_to_end.steady_users import users
from tests.end_to_end.terminal import hanse

APART = 'default = "apart"'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """Every service in a host of its own."""
    with fleet(tmp_path_factory.mktemp("shop"), APART) as made:
        made.up()
        yield made


@pytest.fixture
def shop(running: Fleet, monkeypatch: pytest.MonkeyPatch) -> Iterator[Fleet]:
    """The same, with the first release before each test; each leaves that one to serve alone."""
    monkeypatch.chdir(running.folder)  # control's socket is named from there
    running.write("echo/service.py", ECHO)
    yield running
    assert {one["group"] for one in running.processes("host").values()} == {"echo", "relay", "nap"}
    assert set(said(running, 10)) == {0}


@asynccontextmanager
async def control() -> AsyncIterator[Staging]:
    at = {Staging.__contract__.full_name: ("unix:.hanse/up/control.sock",)}
    async with Host([], HostConfig(port=None, docs=False, directory=at)) as host:
        yield host.get(Staging)


def change(shop: Fleet, by: int) -> None:
    """Another release of Echo: it adds so much to every number."""
    shop.write("echo/service.py", ECHO.replace("return number\n", f"return number + {by}\n"))


async def order_of(staging: Staging, deployment: str = "d1") -> Order:
    proposed = await staging.propose(("echo",))
    return Order(
        deployment=deployment,
        changes=proposed.changes,
        environment=proposed.environment,
        local=proposed.local,
    )


def said(shop: Fleet, number: int, service: str = "echo") -> Counter[int]:
    """What so many requests were answered."""
    return Counter(shop.get(f"/{service}/v1/numbers/0") for _ in range(number))


def shown(shop: Fleet, wanted: set[int], service: str = "echo") -> Counter[int]:
    """The same, once hosts and gateway know what they were told."""

    def found() -> Counter[int]:
        some = said(shop, 30, service)
        return some if set(some) == wanted else Counter()

    return until(found, f"answers {wanted}")


async def parts(staging: Staging) -> dict[str, str]:
    """Parts of the hosts of Echo, by name."""
    return {one.name: one.part for one in await echoes(staging)}


async def echoes(staging: Staging) -> list[Instance]:
    return [one for one in await staging.instances() if one.group == "echo"]


async def test_nothing_is_proposed_where_nothing_differs(shop: Fleet) -> None:
    async with control() as staging:
        assert (await staging.propose(("echo",))).changes == ()
        with pytest.raises(
            CannotDeploy, match="no service or group nobody; groups are echo, nap, relay"
        ):
            await staging.propose(("nobody",))


async def test_a_release_is_staged_gets_shares_takes_over_and_settles(shop: Fleet) -> None:
    change(shop, 1)
    async with control() as staging:
        # given
        order = await order_of(staging)
        assert [one.group.name for one in order.changes] == ["echo"]
        assert [one.services for one in order.changes] == [("echo.v1.Echo",)]
        # when it is staged, twice as somebody asks who died before the answer
        await staging.stage(order)
        await staging.stage(order)
        # then nobody meets it
        assert sorted((await parts(staging)).values()) == ["", "canary", "twin"]
        assert set(said(shop, 40)) == {0}
        # when it has a share
        await staging.share("d1", 1.0, 0.0)
        # then requests and calls of other services go there
        shown(shop, {1})
        shown(shop, {1}, "relay")
        # when it gives that back
        await staging.share("d1", 0.0, 1.0)
        shown(shop, {0})
        shown(shop, {0}, "relay")
        # when it takes over
        await staging.share("d1", 0.5, 0.5)
        await staging.take_over(order)
        await staging.take_over(order)
        await staging.share("d1", 0.0, 0.5)
        assert sorted((await parts(staging)).values()) == ["", "twin", "warm"]
        shown(shop, {0, 1})
        shown(shop, {0, 1}, "relay")
        # when it is settled
        await staging.settle(order)
        assert sorted((await parts(staging)).values()) == ["", "warm"]
        assert set(said(shop, 40)) == {1}
        assert set(said(shop, 40, "relay")) == {1}
        # when nothing is to be gone back to
        assert await staging.cool(order) == ()
        assert list((await parts(staging)).values()) == [""]
        assert set(said(shop, 40)) == {1}
        assert (await staging.propose(("echo",))).changes == ()
    shop.write("echo/service.py", ECHO)
    shop.up()


@pytest.mark.parametrize("after", ["stage", "take_over", "settle"])
async def test_everything_is_as_it_was_after_going_back(shop: Fleet, after: str) -> None:
    async with control() as staging:
        before = {one.name for one in await echoes(staging)}
        change(shop, 1)
        order = await order_of(staging)
        for step in ("stage", "take_over", "settle"):
            await getattr(staging, step)(order)
            if step == after:
                break
        # when
        await staging.go_back(order)
        await staging.go_back(order)
        # then
        assert set(said(shop, 40)) == {0}
        assert set(said(shop, 40, "relay")) == {0}
        assert {one.name: one.part for one in await echoes(staging)} == dict.fromkeys(before, "")


@pytest.mark.long
async def test_shares_end_when_nobody_gives_them_again(shop: Fleet) -> None:
    change(shop, 1)
    async with control() as staging:
        order = await order_of(staging)
        await staging.stage(order)
        await staging.share("d1", 1.0, 0.0)
        shown(shop, {1})
        shown(shop, {1}, "relay")
        # when whoever gives them is gone
        shown(shop, {0})
        shown(shop, {0}, "relay")
        await staging.go_back(order)


async def test_shares_end_when_control_dies_with_its_keeper(shop: Fleet) -> None:
    change(shop, 1)
    async with control() as staging:
        order = await order_of(staging)
        await staging.stage(order)
        await staging.share("d1", 1.0, 0.0)
        shown(shop, {1})
        shown(shop, {1}, "relay")
    stopped = [
        pid
        for module in ("hanse.fleet.control.keeper", "hanse.fleet.control.main")
        for pid in shop.pids_of(module)
    ]
    # when
    try:
        for pid in stopped:
            os.kill(pid, signal.SIGSTOP)
        # then
        shown(shop, {0})
        shown(shop, {0}, "relay")
    finally:
        for pid in reversed(stopped):
            os.kill(pid, signal.SIGCONT)
    async with control() as staging:
        await staging.go_back(order)


async def test_a_release_that_does_not_start_is_said_and_gone(shop: Fleet) -> None:
    shop.write(
        "echo/service.py",
        ECHO.replace(
            "return os.getpid()",
            "return os.getpid()\n\n    def __init__(self, nobody: int) -> None: ...",
        ),
    )
    async with control() as staging:
        with pytest.raises(CannotDeploy, match="nobody"):
            await staging.stage(await order_of(staging))
        assert list((await parts(staging)).values()) == [""]
        assert set(said(shop, 10)) == {0}


async def test_two_do_not_deploy_one_group_at_once(shop: Fleet) -> None:
    change(shop, 1)
    async with control() as staging:
        order = await order_of(staging)
        await staging.stage(order)
        change(shop, 2)
        # when another does, or somebody has it changed by hand
        with pytest.raises(CannotDeploy, match="echo is being deployed by d1"):
            await staging.stage(await order_of(staging, "d2"))
        done = hanse("up", folder=shop.folder)
        # then
        assert done.returncode == 1
        assert "echo is being deployed by d1" in done.stderr
        assert sorted((await parts(staging)).values()) == ["", "canary", "twin"]
        await staging.go_back(order)


async def test_a_new_control_process_knows_the_pair(shop: Fleet) -> None:
    change(shop, 1)
    async with control() as staging:
        order = await order_of(staging)
        await staging.stage(order)
        before = await parts(staging)
    for pid in shop.pids_of("hanse.fleet.control.main"):
        os.kill(pid, signal.SIGKILL)
    until(lambda: hanse("status", folder=shop.folder).returncode == 0, "another control process")
    async with control() as staging:
        assert await parts(staging) == before
        await staging.stage(order)
        await staging.share("d1", 1.0, 0.0)
        shown(shop, {1})
        await staging.go_back(order)
        assert set(said(shop, 40)) == {0}


async def test_a_unit_whose_new_caller_needs_its_new_callee_fails_nobody_there_and_back(
    shop: Fleet,
) -> None:
    more = """
    @rpc("GET /echo/v1/more/{number}", allow=PUBLIC)
    async def more(self, number: int) -> int:
        return number
"""
    shop.write("echo/service.py", ECHO + more)
    shop.write("relay/service.py", RELAY.replace("self._echo.number", "self._echo.more"))
    try:
        async with control() as staging:
            proposed = await staging.propose(("echo", "relay"))
            order = Order(deployment="d1", changes=proposed.changes, local=proposed.local)
            called = {one.group.name: one.calls for one in order.changes}
            assert called == {"echo": (), "relay": ("echo.v1.Echo",)}
            with users(shop.url, "/relay/v1/numbers/7") as asked:
                # when
                await staging.stage(order)
                await staging.share("d1", 0.5, 0.5)
                shown(shop, {0}, "relay")
                await staging.take_over(order)
                await staging.share("d1", 0.0, 0.5)
                shown(shop, {0}, "relay")
                await staging.go_back(order)
            # then
            assert asked.failed == 0, asked.answers
    finally:
        shop.write("relay/service.py", RELAY)


async def test_a_new_group_comes_with_who_calls_it_and_one_that_is_gone_is_said(
    shop: Fleet,
) -> None:
    project = (shop.folder / "hanse.toml").read_text()
    shop.write("gift/__init__.py", "")
    shop.write("gift/service.py", ECHO.replace("Echo", "Gift").replace("/echo/", "/gift/"))
    wants = 'def __init__(self, gift: "Gift") -> None:\n        self._gift = gift\n\n    @rpc'
    calls = ECHO.replace("@rpc", wants, 1).replace(
        "return number\n", "return 1 + await self._gift.number(number)\n"
    )
    shop.write("echo/service.py", f"from gift.service import Gift\n{calls}")
    listed = project.replace('"nap.service:Nap"', '"gift.service:Gift"')
    shop.write("hanse.toml", listed)
    try:
        async with control() as staging:
            proposed = await staging.propose(("echo", "gift"))
            order = Order(
                deployment="d1",
                changes=proposed.changes,
                environment=proposed.environment,
                local=proposed.local,
            )
            # then
            [note] = proposed.notes
            assert note.startswith("nap is not in hanse.toml any more and goes on")
            # when
            await staging.stage(order)
            await staging.share("d1", 1.0, 0.0)
            # then the canary calls what is no group yet
            assert [one.part for one in await staging.instances() if one.group == "gift"] == [
                "next"
            ]
            shown(shop, {1})
            await staging.go_back(order)
            assert [one for one in await staging.instances() if one.group == "gift"] == []
    finally:
        shop.write("hanse.toml", project)
