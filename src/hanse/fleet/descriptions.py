"""What the hosts of a fleet serve: each release of theirs as it was described at its survey."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.roster import read_roster
from hanse.fleet.state import write_whole
from hanse.runtime.description.service_description import (
    DescriptionError,
    ProjectDescription,
    ServiceDescription,
    read_description,
    write_description,
)

if TYPE_CHECKING:
    from collections.abc import Collection

    from hanse.fleet.state import StateFolder


def keep_description(state: StateFolder, release: str, description: ProjectDescription) -> None:
    """Keeps the description of a release that is about to run.

    Raises:
        StateError: It cannot be written.
    """
    state.descriptions.mkdir(mode=0o700, exist_ok=True)  # a fleet of before had none
    write_whole(state.description(release), write_description(description))


def forget_descriptions(state: StateFolder, running: Collection[str]) -> None:
    """Forgets those of releases that do not run any more."""
    for path in state.descriptions.glob("*.json"):
        if path.stem not in running:
            path.unlink(missing_ok=True)


def running_description(state: StateFolder) -> ProjectDescription | None:
    """What runs: of each service the release that its hosts have; None if nothing runs.

    Raises:
        DescriptionError: What runs was started by a Hanse that described it otherwise, or not.
    """
    roster = read_roster(state.roster)
    releases = {one.release: _of_release(state, one.release) for one in roster.members}
    listed = {name: one.release for one in roster.members for name in one.group.services}
    missing = [name for name, release in listed.items() if name not in releases[release]]
    if missing:
        what = f"{', '.join(missing)}: was not described when it was started."
        raise DescriptionError(f"{what} Have it started anew by this Hanse: hanse restart")
    services = [releases[release][name] for name, release in listed.items()]
    services.sort(key=lambda one: one.name)
    return ProjectDescription(roster.project, tuple(services)) if services else None


def _of_release(state: StateFolder, release: str) -> dict[str, ServiceDescription]:
    path = state.description(release)
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return {}
    return {one.listed: one for one in read_description(text, str(path)).services}
