"""`[placement]` of `hanse.toml`: which services share a process, and on how many such processes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal, cast

import msgspec
from msgspec import Meta

from hanse.runtime.config.setting_value import WrongValueError, convert
from hanse.runtime.placement.host_limits import Cores, HostLimits, MemoryBytes
from hanse.runtime.project.names import Name, ServiceName
from hanse.runtime.project.strict import Finding, dotted, like

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hanse.runtime.project.lines import Place

Replicas = Annotated[int, Meta(ge=1, le=64, description="1 to 64 hosts, without quotes")]
Default = Annotated[
    Literal["together", "apart"],
    Meta(description='"together" is one group for all services, "apart" a group for each of them'),
]


class GroupTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[placement.groups.NAME]`: services that share a process, whatever the default.

    Attributes:
        services: As `[project]` lists them.
        replicas: Hosts of this group; None for as many as the others have.
        memory_bytes: What each of them may have; None for what the others may.
        cpu: Cores' worth of processor time of each; None likewise.
    """

    services: Annotated[
        tuple[ServiceName, ...],
        Meta(min_length=1, description='list one at least, like ["greeter.service:Greeter"]'),
    ]
    replicas: Replicas | None = None
    memory_bytes: MemoryBytes | None = None
    cpu: Cores | None = None


class PlacementTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[placement]`: which services `hanse up` runs together.

    Attributes:
        default: For services that no group names: "together", one group named as the project, or
            "apart", a group for each, named as its class.
        replicas: Hosts of each group that does not say otherwise.
        memory_bytes: What each host may have of memory, likewise; None for no limit.
        cpu: Cores' worth of processor time of each host, likewise.
        groups: Groups by name.
    """

    default: Default = "together"
    replicas: Replicas = 1
    memory_bytes: MemoryBytes | None = None
    cpu: Cores | None = None
    groups: Mapping[Name, GroupTable] = {}


class Group(msgspec.Struct, frozen=True):
    """Services that share a process.

    Attributes:
        name: No other group of the project has it.
        services: As `module:Class`, in the order the project lists them.
        replicas: Processes that run them all.
        limits: What each of these may have.
    """

    name: str
    services: tuple[str, ...]
    replicas: int = 1
    limits: HostLimits = HostLimits()


def place(project: str, services: Sequence[str], table: PlacementTable) -> tuple[Group, ...]:
    """Puts every service into exactly one group, in the order of their first services.

    Args:
        project: The project's name.
        services: All of them; no two alike.
        table: Names only these, each in one group at most.
    """
    of = {service: name for name, group in table.groups.items() for service in group.services}
    taken = {*table.groups}
    members: dict[str, list[str]] = {}
    for service in services:
        name = of.get(service) or (project if table.default == "together" else "")
        if not name:
            name = _own_name(service, taken)
            taken.add(name)
        members.setdefault(name, []).append(service)
    return tuple(
        Group(name, tuple(inside), _replicas(name, table), _limits(name, table))
        for name, inside in members.items()
    )


def _replicas(name: str, table: PlacementTable) -> int:
    group = table.groups.get(name)
    return (group and group.replicas) or table.replicas


def _limits(name: str, table: PlacementTable) -> HostLimits:
    group = table.groups.get(name)
    memory = group.memory_bytes if group else None
    cpu = group.cpu if group else None
    return HostLimits(memory or table.memory_bytes, cpu or table.cpu)


def _own_name(service: str, taken: set[str]) -> str:
    """A name for the group of one service: its class, `cart-lines` of `cart.service:CartLines`."""
    letters = (f"-{one.lower()}" if one.isupper() else one for one in service.partition(":")[2])
    kept = (one if one.isascii() and one.isalnum() else "-" for one in "".join(letters))
    words = "-".join(word for word in "".join(kept).split("-") if word)
    plain = words[:50].rstrip("-") if words[:1].isalpha() else f"service-{words}"[:50].rstrip("-")
    names = (plain, *(f"{plain}-{number}" for number in range(2, len(taken) + 3)))
    return next(name for name in names if name not in taken)


def check_placement(tables: dict[str, Any]) -> list[Finding]:
    """What is wrong with groups beside their form.

    Args:
        tables: The file with the differences of one environment applied.
    """
    project: Any = tables.get("project")
    if not isinstance(project, dict):
        return []  # which is said where it stands, as is what follows
    listed, name = (cast("dict[str, Any]", project).get(key) for key in ("services", "name"))
    try:
        table: Any = convert(tables.get("placement", {}), PlacementTable, strict=True)
    except WrongValueError:
        return []
    if not isinstance(listed, list):
        return []
    services = [one for one in cast("list[object]", listed) if isinstance(one, str)]
    return [*_members(table, services), *_rest(table, services, str(name))]


def _members(table: PlacementTable, listed: Sequence[str]) -> Iterator[Finding]:
    """Services that are placed and not there, or placed twice."""
    first: dict[str, str] = {}
    known = frozenset(listed)
    for group, inside in table.groups.items():
        for position, service in enumerate(inside.services):
            where: Place = ("placement", "groups", group, "services", position)
            if service not in known:
                hint = like(service, listed)
                ended = hint if hint.endswith("?") else f"{hint}."
                yield where, f"{dotted(where)}: {service} is not in project.services{ended}"
            elif service in first:
                other = first[service]
                also = "twice" if other == group else f"in the group {other} too"
                yield where, f"{dotted(where)}: {service} is {also}; take one away."
            first.setdefault(service, group)


def _rest(table: PlacementTable, listed: Sequence[str], name: str) -> Iterator[Finding]:
    """The group of all other services needs the project's name for itself."""
    placed = {service for group in table.groups.values() for service in group.services}
    if table.default == "together" and name in table.groups and not placed.issuperset(listed):
        where: Place = ("placement", "groups", name)
        said = "the services that no group names make up the group of this name; take another"
        yield where, f"{dotted(where)}: {said}."
