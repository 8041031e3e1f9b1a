"""No host is stopped that a live region still names, whatever comes late, breaks or begins anew.

The directory is a list here, time a number, and regions do what their control processes do, step by
step, in any order: what is proven is the order of things, with `Book` as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from hanse.fleet.directory.book import LIFE_SECONDS, Book
from hanse.fleet.directory.entries import (
    Applied,
    Entry,
    GroupEntry,
    HostEntry,
    Lease,
    applied_key,
    group_key,
    lease_key,
)

REGIONS = ("r1", "r2", "r3")
CONTRACT = "cart.v1.Carts"
HOSTS_MOST = 4


@dataclass
class Host:
    name: str
    state: str = "serving"  # leaving, stopped, killed


@dataclass
class Region:
    """A control process with its hosts; what survives its restart, and what does not."""

    name: str
    offset: float
    book: Book
    life: int = 0
    turn: int = 0
    place: int = 0  # how far it has read
    hosts: list[Host] = field(default_factory=list)
    named: tuple[str, ...] = ()  # what its hosts and gateway call
    sending: list[tuple[str, bytes]] = field(default_factory=list)
    told: dict[str, int] = field(default_factory=dict)  # host -> revision in which it leaves
    drained: bool = False
    snapshot: tuple[int, dict[str, Entry]] = (0, {})


class Fleet(RuleBasedStateMachine):
    """Three regions and a directory."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0.0
        self.log: list[Entry] = []
        self.regions = {
            name: Region(name, 1000.0 * number, Book(name, "0"))
            for number, name in enumerate(REGIONS)
        }
        self.count = 0

    def may_stop(self, region: Region, host: Host) -> bool:
        revision = region.told.get(host.name)
        return revision is not None and not region.book.late(revision)

    def time_of(self, region: Region) -> float:
        return self.now + region.offset

    def tell(self, region: Region) -> None:
        """The group as it is now is on its way."""
        hosts = tuple(
            HostEntry(one.name, f"https://{one.name}", leaving=one.state == "leaving")
            for one in region.hosts
            if one.state in {"serving", "leaving"}
        )
        data = msgspec.json.encode(GroupEntry((CONTRACT,), hosts))
        region.sending.append((group_key(region.name, "shop"), data))

    def store(self, key: str, data: bytes) -> int:
        self.log.append(Entry(len(self.log) + 1, key, data))
        return len(self.log)

    @initialize()
    def begin(self) -> None:
        for name in REGIONS:
            self.renew(name)
            self.start_host(name)
            self.start_host(name)
        self.all_at_once()

    @rule(name=st.sampled_from(REGIONS))
    def start_host(self, name: str) -> None:
        region = self.regions[name]
        alive = [one for one in region.hosts if one.state in {"serving", "leaving"}]
        if len(alive) < HOSTS_MOST:
            self.count += 1
            region.hosts.append(Host(f"{name}.{self.count}"))
            self.tell(region)

    @rule(name=st.sampled_from(REGIONS))
    def renew(self, name: str) -> None:
        region = self.regions[name]
        region.turn += 1
        region.book.sent(region.turn, self.time_of(region))
        lease = Lease(str(region.life), region.turn, region.drained)
        region.sending.append((lease_key(name), msgspec.json.encode(lease)))

    @rule(name=st.sampled_from(REGIONS), count=st.integers(1, 4))
    def land(self, name: str, count: int) -> None:
        """What was sent is in the directory, however late."""
        region = self.regions[name]
        for _ in range(min(count, len(region.sending))):
            key, data = region.sending.pop(0)
            revision = self.store(key, data)
            if key == group_key(name, "shop"):
                said = msgspec.json.decode(data, type=GroupEntry)
                calling = {one.name for one in said.hosts if not one.leaving}
                for host in region.hosts:
                    if host.state == "leaving" and host.name not in calling:
                        region.told.setdefault(host.name, revision)

    @rule(name=st.sampled_from(REGIONS))
    def lose(self, name: str) -> None:
        """A lease or a word of what is applied never arrives; a group is told until it is."""
        region = self.regions[name]
        if region.sending and region.sending[0][0] != group_key(name, "shop"):
            region.sending.pop(0)

    @rule(name=st.sampled_from(REGIONS), count=st.integers(1, 12))
    def deliver(self, name: str, count: int) -> None:
        region = self.regions[name]
        for entry in self.log[region.place : region.place + count]:
            region.book.hear(entry, self.time_of(region))
        region.place = min(len(self.log), region.place + count)

    @rule(name=st.sampled_from(REGIONS))
    def come_back(self, name: str) -> None:
        """Of all that changed while it was away, the last of each key comes."""
        region = self.regions[name]
        last = {entry.key: entry for entry in self.log[region.place :]}
        for entry in sorted(last.values()):
            region.book.hear(entry, self.time_of(region))
        region.place = len(self.log)

    @rule(name=st.sampled_from(REGIONS))
    def apply(self, name: str) -> None:
        """Hosts and gateway follow; then it is kept, and told."""
        region = self.regions[name]
        region.named = region.book.elsewhere().get(CONTRACT, ())
        region.snapshot = (region.book.sequence, dict(region.book.entries))
        region.book.applied_here(region.book.revision)
        data = msgspec.json.encode(Applied(region.book.known))
        region.sending.append((applied_key(name), data))

    @rule(name=st.sampled_from(REGIONS), seconds=st.sampled_from([0.5, 2.0, LIFE_SECONDS]))
    def wait(self, name: str, seconds: float) -> None:
        self.now += seconds

    @rule(name=st.sampled_from(REGIONS), pick=st.integers(0, 9))
    def leave(self, name: str, pick: int) -> None:
        region = self.regions[name]
        serving = [one for one in region.hosts if one.state == "serving"]
        if serving:
            serving[pick % len(serving)].state = "leaving"
            self.tell(region)

    @rule(name=st.sampled_from(REGIONS))
    def stop(self, name: str) -> None:
        region = self.regions[name]
        for host in region.hosts:
            if host.state == "leaving" and self.may_stop(region, host):
                host.state = "stopped"
        self.tell(region)

    @rule(name=st.sampled_from(REGIONS), pick=st.integers(0, 9))
    def kill(self, name: str, pick: int) -> None:
        region = self.regions[name]
        serving = [one for one in region.hosts if one.state == "serving"]
        if serving:
            serving[pick % len(serving)].state = "killed"
            self.tell(region)

    @rule(name=st.sampled_from(REGIONS), drained=st.booleans())
    def drain(self, name: str, drained: bool) -> None:
        self.regions[name].drained = drained

    @rule(name=st.sampled_from(REGIONS))
    def restart(self, name: str) -> None:
        """The control process is another one; it knows what was kept, its hosts what they read."""
        region = self.regions[name]
        region.life += 1
        region.turn = 0
        region.book = Book(name, str(region.life))
        region.place, entries = region.snapshot
        for entry in sorted(entries.values()):
            region.book.hear(entry, self.time_of(region))
        region.told = {}
        self.tell(region)

    @rule()
    def all_at_once(self) -> None:
        """A second in which nothing is wrong."""
        for name in REGIONS:
            self.renew(name)
            self.land(name, 99)
        for name in REGIONS:
            self.deliver(name, 99)
            self.apply(name)
            self.land(name, 99)
        for name in REGIONS:
            self.deliver(name, 99)

    @rule(name=st.sampled_from(REGIONS))
    def deaf(self, name: str) -> None:
        """It hears nothing, while the others live on; they are slow to apply what they hear."""
        self.now += 2.0
        for other in REGIONS:
            if other != name:
                self.renew(other)
                self.land(other, 99)
                self.deliver(other, 99)

    @rule(name=st.sampled_from(REGIONS))
    def alone(self, name: str) -> None:
        """Nobody else is heard of for so long that their leases end."""
        self.now += LIFE_SECONDS
        self.renew(name)
        self.land(name, 99)
        self.deliver(name, 99)

    def live(self) -> list[Region]:
        return [one for one in self.regions.values() if one.book.is_live(self.time_of(one))]

    @invariant()
    def nobody_calls_what_was_stopped(self) -> None:
        gone = {
            f"https://{host.name}": host.name
            for region in self.regions.values()
            for host in region.hosts
            if host.state == "stopped"
        }
        for region in self.live():
            assert not gone.keys() & set(region.named), f"{region.name} names {region.named}"


class Hasty(Fleet):
    """Stops a host as soon as it is told that it leaves."""

    def may_stop(self, region: Region, host: Host) -> bool:
        return host.name in region.told


class Unproven(Fleet):
    """Takes a lease for ended by time alone, however late it hears."""

    def may_stop(self, region: Region, host: Host) -> bool:
        revision = region.told.get(host.name)
        if revision is None:
            return False
        own = region.book
        seen = own._regions
        return all(
            self.time_of(region) >= seen[late].heard + LIFE_SECONDS for late in own.late(revision)
        )


QUICK = settings(
    max_examples=40,
    stateful_step_count=50,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
SABOTAGED = settings(QUICK, max_examples=400, phases=[Phase.generate], derandomize=True)


def test_a_host_that_left_politely_is_stopped_only_when_no_live_region_names_it() -> None:
    run_state_machine_as_test(Fleet, settings=QUICK)


@pytest.mark.long
def test_nor_in_any_of_many_more_histories() -> None:
    run_state_machine_as_test(
        Fleet, settings=settings(QUICK, max_examples=1000, stateful_step_count=100)
    )


@pytest.mark.long
def test_the_model_finds_what_is_stopped_too_early() -> None:
    with pytest.raises(AssertionError, match="names"):
        run_state_machine_as_test(Hasty, settings=SABOTAGED)


@pytest.mark.parametrize("kind", [Fleet, Hasty])
def test_a_host_is_not_stopped_before_others_follow(kind: type[Fleet]) -> None:
    fleet = kind()
    fleet.begin()
    fleet.leave("r1", 0)
    fleet.renew("r1")
    fleet.land("r1", 99)
    fleet.deliver("r1", 99)
    fleet.stop("r1")
    if kind is Fleet:
        fleet.nobody_calls_what_was_stopped()
        return
    with pytest.raises(AssertionError, match="names"):
        fleet.nobody_calls_what_was_stopped()


@pytest.mark.parametrize("kind", [Fleet, Unproven])
def test_who_hears_nothing_takes_nobodys_lease_for_ended(kind: type[Fleet]) -> None:
    fleet = kind()
    fleet.begin()
    fleet.leave("r1", 0)
    fleet.land("r1", 99)
    for _ in range(4):
        fleet.deaf("r1")
    fleet.stop("r1")
    if kind is Fleet:
        fleet.nobody_calls_what_was_stopped()
        return
    with pytest.raises(AssertionError, match="names"):
        fleet.nobody_calls_what_was_stopped()


def test_who_was_away_is_waited_for_when_it_follows_again() -> None:
    fleet = Fleet()
    fleet.begin()
    fleet.leave("r1", 0)
    fleet.land("r1", 99)
    fleet.alone("r1")  # the leases of both others have ended
    fleet.stop("r1")
    (r1, r2, _) = fleet.regions.values()
    assert [one.state for one in r1.hosts] == ["stopped", "serving"]
    assert f"https://{r1.hosts[0].name}" in r2.named
    fleet.nobody_calls_what_was_stopped()  # for r2 knows that it is cut off
    fleet.renew("r2")
    fleet.land("r2", 99)
    fleet.deliver("r2", 99)
    assert not r2.book.is_live(fleet.time_of(r2))  # it lives, and names what has ended
    fleet.apply("r2")
    assert r2.book.is_live(fleet.time_of(r2))


def test_all_is_known_to_all_when_nothing_is_wrong() -> None:
    fleet = Fleet()
    fleet.begin()
    fleet.leave("r1", 0)
    fleet.all_at_once()
    fleet.stop("r1")
    assert fleet.regions["r1"].hosts[0].state == "stopped"
    fleet.nobody_calls_what_was_stopped()
    assert all(one.book.is_live(fleet.time_of(one)) for one in fleet.regions.values())


def test_three_thousand_services_are_sixty_keys_and_a_lease_is_small() -> None:
    book, sequence = Book("r1", "0"), 0
    for number in range(60):
        contracts = tuple(f"domain{number}.v1.Service{each}" for each in range(50))
        hosts = tuple(
            HostEntry(f"r2.group{number}-{each}", f"https://127.0.0.1:{20_000 + each}")
            for each in range(3)
        )
        data = msgspec.json.encode(GroupEntry(contracts, hosts))
        assert len(data) < 2_000
        sequence += 1
        book.hear(Entry(sequence, group_key("r2", f"group{number}"), data), 0.0)
    lease = msgspec.json.encode(Lease("0123abcd", 10**9, drained=True))
    assert len(lease) + len(lease_key("r2")) < 200
    book.hear(Entry(sequence + 1, lease_key("r2"), lease), 0.0)
    found = book.elsewhere()
    assert len(found) == 3_000
    assert {len(addresses) for addresses in found.values()} == {3}
