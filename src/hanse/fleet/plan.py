"""Which services run together, in how many hosts, and what the gateway may know of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.mail.inbox.place import HOME
from hanse.runtime.placement.host_limits import HostLimits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hanse.fleet.survey import ServiceSurvey
    from hanse.runtime.project.placement_table import Group


class Unit(msgspec.Struct, frozen=True):
    """Services that answer below a common first segment, and so are routed and moved as one.

    Attributes:
        services: As the project lists them, `module:Class`.
        contracts: Their full names; the first one names the unit.
        segments: First segments of the paths they answer.
        fronts: Those of their pages that people open first.
    """

    services: tuple[str, ...]
    contracts: tuple[str, ...]
    segments: tuple[str, ...]
    fronts: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        return self.contracts[0]


class PlannedGroup(msgspec.Struct, frozen=True):
    """Units that share a process, how many such processes there are, and what each may have."""

    name: str
    units: tuple[Unit, ...]
    replicas: int = 1
    limits: HostLimits = HostLimits()

    @property
    def services(self) -> tuple[str, ...]:
        return tuple(service for unit in self.units for service in unit.services)

    @property
    def contracts(self) -> tuple[str, ...]:
        return tuple(contract for unit in self.units for contract in unit.contracts)


class PlanError(Exception):
    """The services cannot be placed as asked; `problems` says why, in sentences."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


def plan(
    wishes: Sequence[Group], services: Iterable[ServiceSurvey], moved: Iterable[str] = ()
) -> tuple[PlannedGroup, ...]:
    """Places every service.

    Args:
        wishes: The groups the project asks for; every service is in exactly one.
        services: What is known of the services.
        moved: Names of units that have a host of their own, because they blocked others or need
            other packages than these.

    Raises:
        PlanError: Two groups would answer below one first segment, which the gateway cannot tell
            apart.
    """
    known = {service.name: service for service in services}
    problems = list(_clashes(wishes, known))
    if problems:
        raise PlanError(*problems)
    alone = frozenset(moved)
    groups: list[PlannedGroup] = []
    for wish in wishes:
        units = units_of([known[name] for name in wish.services])
        staying = tuple(unit for unit in units if unit.name not in alone or len(units) == 1)
        if staying:
            groups.append(PlannedGroup(wish.name, staying, wish.replicas, wish.limits))
        for unit in units:
            if unit not in staying:
                name = _own_name(unit, {group.name for group in (*wishes, *groups)})
                groups.append(PlannedGroup(name, (unit,), wish.replicas, wish.limits))
    return tuple(groups)


def split(group: PlannedGroup, unit: str, taken: Iterable[str]) -> tuple[PlannedGroup, ...]:
    """The group without a unit, and the unit as a group of its own; the group, if it has no other.

    Args:
        group: What runs together now.
        unit: Name of the one that is to live alone.
        taken: Names of all groups there are.
    """
    moving = tuple(one for one in group.units if one.name == unit)
    staying = tuple(one for one in group.units if one.name != unit)
    if not moving or not staying:
        return (group,)
    name = _own_name(moving[0], set(taken))
    rest = msgspec.structs.replace(group, units=staying)
    return rest, PlannedGroup(name, moving, group.replicas, group.limits)


def units_of(services: Sequence[ServiceSurvey]) -> tuple[Unit, ...]:
    """Joins services of one group that share a segment, in the order they are listed."""
    joined: list[list[ServiceSurvey]] = []
    for service in services:
        segments = set(service.segments)
        touched = [some for some in joined if any(segments & set(one.segments) for one in some)]
        untouched = [some for some in joined if some not in touched]
        joined = [*untouched, [*(one for some in touched for one in some), service]]
    joined.sort(key=lambda some: services.index(some[0]))
    return tuple(_unit(some) for some in joined)


def _unit(services: Sequence[ServiceSurvey]) -> Unit:
    segments = sorted({segment for service in services for segment in service.segments})
    names = tuple(service.name for service in services)
    contracts = tuple(service.contract for service in services)
    inbox = [f"{HOME}/"] if any(service.inbox for service in services) else []
    fronts = tuple(sorted({*inbox, *(service.front for service in services if service.front)}))
    return Unit(names, contracts, tuple(segments), fronts)


def _clashes(wishes: Sequence[Group], known: dict[str, ServiceSurvey]) -> Iterable[str]:
    first: dict[str, tuple[str, str]] = {}
    for wish in wishes:
        for name in wish.services:
            for segment in known[name].segments:
                group, other = first.setdefault(segment, (wish.name, name))
                if group != wish.name:
                    yield (
                        f"{other} and {name} both answer below /{segment}, and the gateway routes "
                        f"by first segments: put them into one group, or give one another path."
                    )


def _own_name(unit: Unit, taken: set[str]) -> str:
    """A name for the group of a moved unit that no other group has: `ad` of `ad.v1.Ads`."""
    plain = unit.name.partition(".")[0].replace("_", "-")
    names = (plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)
