"""From who there is to what hosts and gateway are told of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.control.hosts.member import settled
from hanse.fleet.gateway import picture as gateway
from hanse.fleet.gateway.picture import Endpoint, Upstream
from hanse.runtime.placement.directory import Together
from hanse.runtime.placement.shares import Part

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from hanse.fleet.control.hosts.given_shares import GivenShares
    from hanse.fleet.control.hosts.member import Member
    from hanse.fleet.plan import PlannedGroup

JUDGED = ("canary", "twin")


class Around(NamedTuple):
    """What a region has to know of the others.

    Attributes:
        elsewhere: Addresses in other regions, by contract; of those that are lost, too, where
            nobody else serves it.
        taken: Contracts whose requests all go to others: those serve them, live, and take them.
    """

    elsewhere: Mapping[str, tuple[str, ...]] = {}
    taken: frozenset[str] = frozenset()


ALONE = Around()


def directory_of(members: Sequence[Member], around: Around = ALONE) -> dict[str, tuple[str, ...]]:
    """Addresses of every contract here.

    Where nobody serves it at the moment, those who are about to: a caller is then told at once that
    it is not available, and that it will be again. Where nobody ever has, those of a deployment
    that brings it: who else knows it is of that deployment, too.
    """
    serving = settled(members)
    known = {name for one in serving for name in one.group.contracts}
    new = [one for one in members if one.part == "next" and known.isdisjoint(one.group.contracts)]
    found: dict[str, tuple[str, ...]] = {}
    for contract, having in _by([*serving, *new], lambda group: group.contracts).items():
        answering = [one for one in having if one.answering]
        taking = [one for one in having if one.serving]
        staying = [one for one in having if not one.leaving]
        named = [] if contract in around.taken else answering or taking or staying or having
        found[contract] = tuple(f"unix:{one.socket}" for one in named)
    return found


def together_of(members: Sequence[Member]) -> list[Together]:
    """Of each deployment of several groups: hosts of its release, and its twins.

    A new caller may need what a new callee alone has, and whoever is compared with another has
    callees of the same age. Those that leave are called as long as they are there: by who leaves.
    """
    found: dict[tuple[str, bool], list[Member]] = {}
    for one in members:
        if one.record.deployment and one.part != "warm":
            found.setdefault((one.record.deployment, one.part == "twin"), []).append(one)
    return [
        Together(
            tuple(one.name for one in side),
            {
                contract: tuple(f"unix:{one.socket}" for one in _answering(having))
                for contract, having in _by(side, lambda group: group.contracts).items()
            },
        )
        for side in found.values()
        if len({one.group.name for one in side}) > 1
    ]


def _answering(having: list[Member]) -> list[Member]:
    return [one for one in having if one.answering] or having


def shares_of(
    members: Sequence[Member], given: GivenShares
) -> tuple[dict[str, tuple[Part, ...]], dict[str, float]]:
    """Parts by contract, and shares by host, of all hosts that are something to a deployment."""
    contracts: dict[str, list[Part]] = {}
    for pair in _pairs(members, given):
        addresses = tuple(f"unix:{one.socket}" for one in pair.members if one.answering)
        for contract in pair.members[0].group.contracts:
            contracts.setdefault(contract, []).append(Part(addresses, pair.share))
    hosts = {one.name: 0.0 for one in members if one.part}
    hosts |= {one.name: pair.share for pair in _pairs(members, given) for one in pair.members}
    return {name: tuple(parts) for name, parts in contracts.items()}, hosts


def upstreams_of(
    members: Sequence[Member], given: GivenShares, around: Around = ALONE
) -> tuple[Upstream, ...]:
    """Every unit the outside can reach, with its hosts."""
    units = {unit.name: unit for one in members for unit in one.group.units if unit.segments}
    serving = _by(settled(members), _units_of)
    pairs = _pairs_by_unit(members, given)
    return tuple(
        Upstream(
            name,
            unit.segments,
            _endpoints(serving.get(name, [])),
            _parts(pairs.get(name, [])),
            tuple(_elsewhere(address) for address in around.elsewhere.get(name, ())),
        )
        for name, unit in units.items()
    )


def fronts_of(members: Sequence[Member]) -> tuple[str, ...]:
    """Where people can begin to look, of everything that runs."""
    units = (unit for one in members for unit in one.group.units)
    return tuple(sorted({front for unit in units for front in unit.fronts}))


class _Pair(NamedTuple):
    """One side of it: canaries or twins of a group, and what they get together."""

    members: list[Member]
    share: float


def _pairs(members: Sequence[Member], given: GivenShares) -> list[_Pair]:
    found: dict[tuple[str, str, str], list[Member]] = {}
    for one in members:
        if one.part in JUDGED and not one.leaving:
            found.setdefault((one.record.deployment, one.group.name, one.part), []).append(one)
    return [
        _Pair(some, getattr(given.of(deployment), part))
        for (deployment, _, part), some in found.items()
    ]


def _pairs_by_unit(members: Sequence[Member], given: GivenShares) -> dict[str, list[_Pair]]:
    found: dict[str, list[_Pair]] = {}
    for pair in _pairs(members, given):
        for name in _units_of(pair.members[0].group):
            found.setdefault(name, []).append(pair)
    return found


def _units_of(group: PlannedGroup) -> list[str]:
    return [unit.name for unit in group.units]


def _by(
    members: Sequence[Member], names: Callable[[PlannedGroup], Iterable[str]]
) -> dict[str, list[Member]]:
    """Who there is by name of what they serve: each is looked at once, however many names."""
    found: dict[str, list[Member]] = {}
    for one in members:
        for name in names(one.group):
            found.setdefault(name, []).append(one)
    return found


def _parts(pairs: Sequence[_Pair]) -> tuple[gateway.Part, ...]:
    return tuple(
        gateway.Part(pair.members[0].part, _gates(pair.members), pair.share) for pair in pairs
    )


def _elsewhere(address: str) -> Endpoint:
    return Endpoint("", address=address.removeprefix("https://"))


def _gates(members: Sequence[Member]) -> tuple[Endpoint, ...]:
    return tuple(Endpoint(str(one.gate)) for one in members if one.answering)


def _endpoints(having: Sequence[Member]) -> tuple[Endpoint, ...]:
    """Those that leave get nothing new; nor do those that are silent, where another one answers.

    Where nobody serves, those that are about to are named: the gateway tries them for a while,
    which bridges the restart of an only host; no host at all would be a refusal at once.
    """
    answering = [one for one in having if one.answering]
    serving = [one for one in having if one.serving]
    taking = answering or serving or [one for one in having if not one.leaving]
    return tuple(
        Endpoint(str(one.gate), draining=one not in taking)
        for one in having
        if one in taking or one.supervision.stage in {"ready", "stopping"}
    )
