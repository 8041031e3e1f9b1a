"""What the hosts of a fleet serve: each service as it was described when its release was built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.roster import read_roster
from hanse.fleet.releases.shelf import Shelf
from hanse.fleet.releases.wish import read_wish
from hanse.runtime.description.service_description import ProjectDescription

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.fleet.state import StateFolder


def running_description(state: StateFolder) -> ProjectDescription | None:
    """What runs: of each service the release that its hosts have; None if nothing runs.

    Raises:
        NoRelease: What runs is not kept any more, or was changed where it lies.
    """
    roster, shelf = read_roster(state.roster), Shelf(state.releases)
    wishes = {one.release: read_wish(one.release, shelf) for one in roster.members}
    listed = {
        name: wishes[one.release].releases[name]
        for one in roster.members
        if not one.part
        for name in one.group.services
    }
    return description_of(listed.values(), shelf, roster.project) if listed else None


def description_of(releases: Iterable[str], shelf: Shelf, project: str = "") -> ProjectDescription:
    """What releases serve together.

    Args:
        releases: Their digests.
        shelf: Where they lie.
        project: Whose they are.

    Raises:
        NoRelease: One is not kept any more, or was changed where it lies.
    """
    services = [shelf.get(digest).facts.description for digest in releases]
    services.sort(key=lambda one: one.name)
    return ProjectDescription(project, tuple(services))
