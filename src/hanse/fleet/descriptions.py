"""What the hosts of a fleet serve: each service as it was described when its release was built."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.control.ground.ground_wish import kept_wish
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
    shelf = Shelf(state.releases)
    members = [one for each in state.regions() for one in read_roster(each.roster).members]
    wishes = {one.release: read_wish(one.release, shelf) for one in members}
    listed = {
        name: wishes[one.release].releases[name]
        for one in members
        if not one.part
        for name in one.group.services
    }
    return description_of(listed.values(), shelf, kept_wish(state).project) if listed else None


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
