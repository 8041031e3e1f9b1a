"""What a project would change if it were deployed now."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.member import settled
from hanse.fleet.control.hosts.rollout import ChangeFailed
from hanse.fleet.control.hosts.surveyor import build_services, groups_of, is_local
from hanse.fleet.control.staging.api import GroupChange, Proposal
from hanse.fleet.descriptions import description_of
from hanse.fleet.releases.wish import read_wish

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from hanse.fleet.control.choices import Choices
    from hanse.fleet.control.region.api import HostStatus
    from hanse.fleet.plan import PlannedGroup
    from hanse.fleet.releases.built import Built
    from hanse.fleet.releases.shelf import Shelf
    from hanse.runtime.project.project import Project


async def propose(
    project: Project,
    environment: str,
    choices: Choices,
    names: Collection[str],
    now: tuple[Sequence[HostStatus], Shelf],
) -> Proposal:
    """Builds it, and compares.

    Args:
        project: Its file, read anew.
        environment: Which one of it.
        choices: What moved.
        names: Contracts and groups that are to change; all if there is none.
        now: The hosts there are, and where their releases lie.

    Raises:
        ChangeFailed, PlanError: It cannot be built or placed, or nothing has one of the names.
    """
    members, shelf = now
    found = await build_services(environment)
    groups = groups_of(project, found, choices)
    _check_names(names, groups)
    runs = {one.group.name: one for one in settled(members)}
    changes = [
        _change(group, runs.get(group.name), found, shelf)
        for group in groups
        if not names or not {group.name, *group.contracts}.isdisjoint(names)
    ]
    return Proposal(
        changes=tuple(one for one in changes if one.before != one.after),
        groups=tuple(group.name for group in groups),
        environment=environment,
        local=is_local(project),
        notes=(*found.notes, *_gone(runs, groups)),
    )


def _gone(runs: Iterable[str], groups: Sequence[PlannedGroup]) -> list[str]:
    """Groups that serve and that the project has no more: a deployment brings, and ends nothing."""
    here = {group.name for group in groups}
    return [
        f"{name} is not in hanse.toml any more and goes on as it is; hanse up ends it."
        for name in runs
        if name not in here
    ]


def _check_names(names: Collection[str], groups: Sequence[PlannedGroup]) -> None:
    known = {name for group in groups for name in (group.name, *group.contracts)}
    if unknown := sorted(set(names) - known):
        all_groups = ", ".join(sorted(group.name for group in groups))
        raise ChangeFailed(f"There is no service or group {unknown[0]}; groups are {all_groups}.")


def _change(group: PlannedGroup, now: HostStatus | None, found: Built, shelf: Shelf) -> GroupChange:
    bundle = found.bundle_of(group.services)
    if bundle is None:
        raise ChangeFailed(f"The services of {group.name} cannot share a process.", *found.notes)
    before = now.record.release if now else ""
    ran = read_wish(before, shelf).releases if before else {}
    runs = read_wish(bundle.wish, shelf).releases
    contracts = dict(zip(group.services, group.contracts, strict=True))
    changed = tuple(contracts[name] for name in group.services if ran.get(name) != runs[name])
    return GroupChange(
        group=group,
        before=before,
        after=bundle.wish,
        services=changed or group.contracts,  # its settings or Hanse changed, which all have
        group_before=now.group if now else None,
        post=bundle.post,
        shared=bool(before) and not changed,
        calls=_calls(runs.values(), shelf),
    )


def _calls(releases: Iterable[str], shelf: Shelf) -> tuple[str, ...]:
    """Full names of the contracts that releases call."""
    services = description_of(releases, shelf).services
    return tuple(sorted({each.contract.full_name for one in services for each in one.needs}))
