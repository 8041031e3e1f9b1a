"""A project as it is now, built: what there is to place, and what each group runs from."""

from __future__ import annotations

import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.plan import units_of
from hanse.fleet.releases import work
from hanse.fleet.releases.building import BuildError, Building
from hanse.fleet.releases.packages import python_of
from hanse.fleet.releases.runtime import runtime_of
from hanse.fleet.releases.shelf import Shelf
from hanse.fleet.releases.wish import Apart, Wish, keep_wish, share
from hanse.fleet.state import StateError, StateFolder
from hanse.fleet.survey import ServiceSurvey, served_by, unroutable
from hanse.runtime.project.failure import explain
from hanse.runtime.project.project import FILE, Project, read_project

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from hanse.fleet.plan import Unit
    from hanse.fleet.releases.release import Release


class Bundle(msgspec.Struct, frozen=True):
    """Services that can share a process.

    Attributes:
        services: As the project lists them.
        wish: What they run from, see `Wish`.
        post: Whether some of their migrations are for when the releases before are gone.
    """

    services: tuple[str, ...]
    wish: str
    post: bool = False


class Built(msgspec.Struct, frozen=True, kw_only=True):
    """What a build gives.

    Attributes:
        services: All of them, in the order they are listed.
        bundles: Each service is in one.
        apart: Names of units that cannot share the process of their group.
        notes: Why not, in sentences.
        problems: Why there is no more to say; sentences for people.
    """

    services: tuple[ServiceSurvey, ...] = ()
    bundles: tuple[Bundle, ...] = ()
    apart: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()

    def bundle_of(self, services: Collection[str]) -> Bundle | None:
        """What services run from, that share a process; None if they do not all share one."""
        wanted = set(services)
        return next((one for one in self.bundles if wanted <= set(one.services)), None)


def build(folder: Path, environment: str) -> Built:
    """Builds a project; what is wrong with it is an answer too."""
    try:
        state = StateFolder(Path())
        state.prepare()
        return _build(read_project(folder, environment), Shelf(state.releases))
    except (BuildError, StateError) as error:
        return Built(problems=error.problems)
    except Exception as error:  # noqa: BLE001 - whatever a project raises, its developer is told
        return Built(problems=tuple(explain(error, folder)))


def _build(project: Project, shelf: Shelf) -> Built:
    shelf.prepare()
    with work.building(shelf):
        return _built(project, shelf)


def _built(project: Project, shelf: Shelf) -> Built:
    building = Building(project, shelf)
    releases = {one.service: one for one in building.releases()}
    mailing = {name for name, one in releases.items() if one.facts.mails}
    surveys = tuple(one.facts.survey for one in releases.values())
    services = served_by(surveys, mailing, project)
    problems = (*_served_twice(services), *unroutable(services))
    if problems:
        return Built(problems=problems)
    known = {one.name: one for one in services}
    common = _Common(project, shelf, building)
    bundles: list[Bundle] = []
    apart: list[str] = []
    notes: list[str] = []
    for group in project.groups():
        units = units_of([known[name] for name in group.services])
        staying, leaving, why = _parted(units, releases)
        bundles += [
            common.bundle([releases[name] for name in some]) for some in (staying, *leaving)
        ]
        apart += [unit.name for unit in units if unit.services in leaving]
        notes += why
    return Built(services=services, bundles=tuple(bundles), apart=tuple(apart), notes=tuple(notes))


def _served_twice(services: Iterable[ServiceSurvey]) -> Iterator[str]:
    """Contracts that two services serve: whoever calls one would have either."""
    found: dict[str, str] = {}
    for one in services:
        other = found.setdefault(one.contract, one.name)
        if other != one.name:
            yield (
                f"{other} and {one.name} both serve {one.contract}. List one of them, or give the "
                "other a package or a version of its own."
            )


class _Common:
    """What all hosts of a project run from, whichever services they have."""

    def __init__(self, project: Project, shelf: Shelf, building: Building) -> None:
        served = building.served()
        for tree in served.values():
            shelf.lay(tree)
        self._shelf = shelf
        self._files = {prefix: tree.digest for prefix, tree in served.items()}
        self._settings = shelf.keep((project.folder / FILE).read_bytes())
        self._runtime = runtime_of(shelf)

    def bundle(self, releases: Sequence[Release]) -> Bundle:
        """Lays down what they run from."""
        code, packages = share(releases)
        self._shelf.lay(code)
        wish = Wish(
            releases={one.service: one.digest for one in releases},
            code=code.digest,
            lock=packages.digest,
            files=self._files,
            settings=self._settings,
            runtime=self._runtime,
            python=str(python_of(packages, self._shelf)),
        )
        services = tuple(one.service for one in releases)
        post = any(one.facts.post for one in releases)
        return Bundle(services, keep_wish(wish, self._shelf), post)


def _parted(
    units: Iterable[Unit], releases: Mapping[str, Release]
) -> tuple[tuple[str, ...], list[tuple[str, ...]], list[str]]:
    """Services that stay together, those of units that cannot, and why.

    Raises:
        BuildError: Even services that share a segment, and so a process, cannot.
    """
    staying: tuple[str, ...] = ()
    leaving: list[tuple[str, ...]] = []
    notes: list[str] = []
    units = list(units)
    everybody = tuple(name for unit in units for name in unit.services)
    with suppress(Apart):  # mostly all can; one after the other is for who cannot
        share([releases[name] for name in everybody])
        return everybody, leaving, notes
    for unit in units:
        both = (*staying, *unit.services)
        try:
            share([releases[name] for name in both])
            staying = both
        except Apart as error:
            _refuse_alone(unit, releases)
            leaving.append(unit.services)
            notes += [f"{unit.name} runs in a host of its own.", *error.problems]
    return staying, leaving, notes


def _refuse_alone(unit: Unit, releases: Mapping[str, Release]) -> None:
    try:
        share([releases[name] for name in unit.services])
    except Apart as error:
        raise BuildError(
            f"{unit.name} and others answer below one first segment and so share a process:",
            *error.problems,
        ) from None


def main() -> None:
    """Builds the folder and environment named on the command line; says what came of it as JSON."""
    sys.stdout.buffer.write(msgspec.json.encode(build(Path(sys.argv[1]), sys.argv[2])))


if __name__ == "__main__":
    main()
