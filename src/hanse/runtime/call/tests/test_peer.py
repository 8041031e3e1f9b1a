"""What exists only between hosts: connections, balance, retries, ejection, releases of different age."""

import asyncio
import ssl
from contextlib import AsyncExitStack

import pytest

from hanse import PUBLIC, Contract, Host, HostConfig, Service, Struct, rpc
from hanse.kit.fetch import fetch
from hanse.kit.http import Address, ConnectionFailed
from hanse.runtime.call.tests.conftest import make_identity
from hanse.runtime.errors import (
    FailedPrecondition,
    Internal,
    InvalidArgument,
    Unavailable,
    Unimplemented,
)
from hanse.runtime.remote.balance import Balancer
from hanse.runtime.remote.pool import FAILURES_TO_EJECT, Pool
from hanse.runtime.remote.retry import BUDGET_MAX, RetryBudget


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


class Moody(Contract, package="moody.v1"):
    @rpc(allow=PUBLIC)
    async def once(self) -> str: ...

    @rpc(allow=PUBLIC, idempotent=True)
    async def again(self) -> str: ...

    @rpc(allow=PUBLIC)
    async def wait(self) -> None: ...


class Mood:
    """How many calls fail, and how many came."""

    def __init__(self, failures=0):
        self.failures = failures
        self.calls = 0
        self.waiting = 0
        self.go = asyncio.Event()


class Mine(Service, Moody):
    def __init__(self, mood: Mood) -> None:
        self.mood = mood

    async def once(self) -> str:
        self.mood.calls += 1
        if self.mood.calls <= self.mood.failures:
            raise Unavailable(detail="Not in the mood.")
        return "fine"

    async def again(self) -> str:
        return await self.once()

    async def wait(self) -> None:
        self.mood.waiting += 1
        await self.mood.go.wait()


@pytest.fixture
async def hosts(tmp_path):
    """Starts a host for each mood, and one that calls them."""
    stack = AsyncExitStack()

    async def start(*moods, service=Mine, contract=Moody, more=()):
        addresses, served = [], []
        for number, mood in enumerate(moods):
            socket = tmp_path / f"{number}.sock"
            config = HostConfig(port=None, socket=socket)
            host = Host([service], config, provided={Mood: mood})
            served.append(await stack.enter_async_context(host))
            addresses.append(f"unix:{socket}")
        directory = {contract.__contract__.full_name: (*addresses, *more)}
        caller = Host([], HostConfig(port=None, directory=directory))
        await stack.enter_async_context(caller)
        start.ignored = lambda: sum(one.unknown_fields for one in caller.metrics.methods())
        return caller.get(contract), served

    yield start
    await stack.aclose()


async def test_a_connection_is_used_again(hosts):
    moody, [host] = await hosts(Mood())

    for _ in range(5):
        await moody.once()

    assert len(host.connections) == 1


async def test_calls_at_once_share_a_connection_and_none_waits_for_another(hosts):
    mood = Mood()
    moody, [host] = await hosts(mood)
    calls = [asyncio.create_task(moody.wait()) for _ in range(5)]
    async with asyncio.timeout(5):
        while mood.waiting < 5:
            await asyncio.sleep(0)
    assert await moody.once() == "fine"
    assert len(host.connections) == 1

    mood.go.set()
    await asyncio.gather(*calls)
    assert len(host.connections) == 1


async def test_who_asks_first_and_leaves_takes_no_connection_from_those_behind(hosts):
    moody, [host] = await hosts(Mood())
    first, second = asyncio.create_task(moody.once()), asyncio.create_task(moody.once())
    await asyncio.sleep(0)
    first.cancel()

    assert await second == "fine"
    assert first.cancelled()
    assert len(host.connections) == 1


async def test_an_unavailable_answer_is_asked_for_again_where_that_is_safe(hosts):
    mood = Mood(failures=2)
    moody, _ = await hosts(mood)

    assert await moody.again() == "fine"
    assert mood.calls == 3


async def test_it_is_asked_for_three_times_at_most(hosts):
    mood = Mood(failures=100)
    moody, _ = await hosts(mood)

    with pytest.raises(Unavailable, match="Not in the mood"):
        await moody.again()
    assert mood.calls == 3


async def test_it_is_not_asked_for_again_where_that_is_not_declared_safe(hosts):
    mood = Mood(failures=1)
    moody, _ = await hosts(mood)

    with pytest.raises(Unavailable):
        await moody.once()
    assert mood.calls == 1


async def test_retries_are_bounded_over_all_calls(hosts):
    mood = Mood(failures=10_000)
    moody, _ = await hosts(mood)

    for _ in range(50):
        with pytest.raises(Unavailable):
            await moody.again()

    # 50 calls, ten retries in hand, and one earned by every tenth call.
    assert mood.calls <= 50 + BUDGET_MAX + 5


async def test_the_next_try_goes_to_another_peer(hosts):
    bad, good = Mood(failures=10_000), Mood()
    moody, _ = await hosts(bad, good)

    for _ in range(20):
        assert await moody.again() == "fine"


async def test_a_peer_that_keeps_failing_is_left_alone(hosts):
    bad, good = Mood(failures=10_000), Mood()
    moody, _ = await hosts(bad, good)
    for _ in range(100):  # so many, that chance never draws the bad one too seldom
        await moody.again()
    seen = bad.calls
    assert seen == FAILURES_TO_EJECT

    for _ in range(20):
        await moody.again()

    assert bad.calls == seen


async def test_a_peer_that_is_not_there_is_passed_over_even_by_what_is_not_safe(hosts):
    moody, _ = await hosts(Mood(), more=("unix:/nowhere/at/all.sock",))

    for _ in range(10):
        assert await moody.once() == "fine"


async def test_a_peer_that_does_not_serve_the_contract_says_so(hosts):
    class Stranger(Contract, package="stranger.v1"):
        @rpc(allow=PUBLIC)
        async def one(self) -> None: ...

    stranger, _ = await hosts(Mood(), contract=Stranger)

    with pytest.raises(Unimplemented):
        await stranger.one()


# Releases of different age.


class OldItem(Struct, frozen=True):
    name: str


class NewItem(Struct, frozen=True):
    name: str
    colour: str = "red"


class OldFull(FailedPrecondition):
    code = "full"
    limit: int


class NewFull(FailedPrecondition):
    code = "full"
    limit: int
    sort: str = "big"


class Unheard(FailedPrecondition):
    code = "unheard"


class Aged(Contract, package="aged.v1"):
    @rpc(allow=PUBLIC)
    async def echo(self, item: OldItem) -> OldItem: ...

    @rpc(allow=PUBLIC, errors=(OldFull,))
    async def fail(self, detail: str) -> None: ...


OldAged = Aged


class Aged(Contract, package="aged.v1"):  # noqa: F811 - the same contract a release later
    @rpc(allow=PUBLIC)
    async def echo(self, item: NewItem, twice: bool = False) -> NewItem: ...

    @rpc(allow=PUBLIC, errors=(NewFull, Unheard))
    async def fail(self, detail: str) -> None: ...


NewAged = Aged


class OldAge(Service, OldAged):
    async def echo(self, item: OldItem) -> OldItem:
        return item

    async def fail(self, detail: str) -> None:
        raise OldFull(detail=detail, limit=3)


class NewAge(Service, NewAged):
    async def echo(self, item: NewItem, twice: bool = False) -> NewItem:
        return NewItem(item.name * (1 + twice), "blue")

    async def fail(self, detail: str) -> None:
        if detail == "unheard":
            raise Unheard(detail=detail)
        raise NewFull(detail=detail, limit=3, sort="odd")


async def test_an_older_caller_ignores_what_a_newer_peer_adds(hosts):
    aged, _ = await hosts(Mood(), service=NewAge, contract=OldAged)

    assert await aged.echo(OldItem("a")) == OldItem("a")
    # It counts them in one message of 64, the first included.
    assert hosts.ignored() == 1
    for _ in range(64):
        await aged.echo(OldItem("a"))
    assert hosts.ignored() == 2
    with pytest.raises(OldFull) as caught:
        await aged.fail("full")
    assert (caught.value.detail, caught.value.limit) == ("full", 3)
    with pytest.raises(FailedPrecondition, match="unheard") as caught:
        await aged.fail("unheard")
    assert type(caught.value) is FailedPrecondition


async def test_an_older_peer_ignores_what_a_newer_caller_adds(hosts):
    aged, [host] = await hosts(Mood(), service=OldAge, contract=NewAged)

    assert await aged.echo(NewItem("a", "green"), twice=True) == NewItem("a", "red")
    [line] = [
        line for line in host.metrics.prometheus().splitlines()
        if line.startswith("hanse_unknown_fields_total")
    ]  # fmt: skip
    assert line.endswith('rpc_method="Echo"} 2')
    with pytest.raises(NewFull) as caught:
        await aged.fail("full")
    assert (caught.value.limit, caught.value.sort) == (3, "big")


async def test_an_answer_that_misses_what_the_caller_needs_is_the_peers_fault(hosts):
    class Needy(Struct, frozen=True):
        name: str
        weight: int

    class Aged(Contract, package="aged.v1"):
        @rpc(allow=PUBLIC)
        async def echo(self, item: Needy) -> Needy: ...

    aged, _ = await hosts(Mood(), service=OldAge, contract=Aged)

    with pytest.raises(Internal, match="an answer that its contract does not allow"):
        await aged.echo(Needy("a", 1))


async def test_an_argument_that_misses_what_the_peer_needs_is_the_callers_fault(hosts):
    class Aged(Contract, package="aged.v1"):
        @rpc(allow=PUBLIC)
        async def fail(self) -> None: ...

    aged, _ = await hosts(Mood(), service=OldAge, contract=Aged)

    with pytest.raises(InvalidArgument, match="`detail` is missing"):
        await aged.fail()


# Pools, balance and budget by themselves.


def pools(count, clock):
    return tuple(Pool(Address(f"unix:/{number}"), None, clock) for number in range(count))


def test_the_less_loaded_of_two_is_chosen():
    first, second, third = made = pools(3, Clock())
    first.load, second.load, third.load = 5, 1, 3
    draws = iter([0, 1, 2, 0, 0, 0])
    balancer = Balancer(made, draw=lambda _: next(draws))

    assert [balancer.choose() for _ in range(3)] == [second, third, first]


def test_a_failing_peer_rests_longer_each_time_until_it_answers():
    clock = Clock()
    sick, well = made = pools(2, clock)
    balancer = Balancer(made, draw=lambda _: 0, clock=clock)
    for _ in range(FAILURES_TO_EJECT):
        assert balancer.choose() is sick
        sick.failed()

    assert balancer.choose() is well
    clock.now = 1.0
    assert balancer.choose() is sick
    sick.failed()
    clock.now = 2.9
    assert balancer.choose() is well
    clock.now = 3.1
    assert balancer.choose() is sick
    sick.succeeded()
    sick.failed()
    assert balancer.choose() is sick


def test_a_rest_is_bounded():
    clock = Clock()
    [sick] = pools(1, clock)
    for _ in range(1000):
        sick.failed()

    assert sick.ejected_until == 30.0


def test_when_most_are_set_aside_all_are_used():
    clock = Clock()
    made = pools(3, clock)
    balancer = Balancer(made, draw=lambda _: 0, clock=clock)
    for pool in made[:2]:
        for _ in range(FAILURES_TO_EJECT):
            pool.failed()

    assert balancer.choose() is made[0]


def test_where_nobody_serves_nobody_is_chosen():
    balancer = Balancer(())

    with pytest.raises(Unavailable, match="No host serves this"):
        balancer.choose()


async def test_a_pool_is_bounded():
    [pool] = pools(1, Clock())
    pool.load = 1024

    with pytest.raises(ConnectionFailed, match="1024 requests are under way") as caught:
        await pool.take()
    assert not caught.value.sent


async def test_a_connection_that_cannot_be_made_holds_no_place():
    [pool] = pools(1, Clock())

    with pytest.raises(ConnectionFailed):
        await pool.take()
    assert pool.statistics() == {"load": 0, "idle": 0, "failures": 0}


def test_a_budget_lets_a_tenth_be_retried():
    budget = RetryBudget()
    assert sum(budget.spend() for _ in range(100)) == BUDGET_MAX

    for _ in range(101):
        budget.earn()
    assert sum(budget.spend() for _ in range(100)) == 10


@pytest.fixture
async def mutual(identity):
    """A host with a door for hosts, and its address."""
    config = HostConfig(port=None, mutual_port=0, tls=identity)
    async with Host([Mine], config, provided={Mood: Mood()}) as host:
        yield host, host.url.replace("http:", "https:")
        assert host.metrics.of("moody.v1.Moody", "Once").codes == {"": 0}


async def test_a_host_of_another_authority_is_not_called(mutual, tmp_path):
    host, address = mutual
    stranger = make_identity(tmp_path)
    config = HostConfig(port=None, tls=stranger, directory={"moody.v1.Moody": (address,)})

    async with Host([], config) as caller:
        with pytest.raises(Unavailable):
            await caller.get(Moody).once()


@pytest.mark.parametrize("shown", ["nothing", "a stranger's"])
async def test_who_shows_no_certificate_of_our_authority_is_not_let_in(
    mutual, identity, tmp_path, shown
):
    host, address = mutual
    tls = ssl.create_default_context(cafile=identity.authority)
    if shown != "nothing":
        stranger = make_identity(tmp_path)
        tls.load_cert_chain(stranger.certificate, stranger.key)
    headers = {"content-type": "application/json", "hanse-context": "{}"}

    with pytest.raises(ConnectionFailed):
        await fetch(
            f"{address}/moody.v1.Moody/Once", verb="POST", headers=headers, body=b"{}", tls=tls
        )
