"""Looks at a project's services in a process of its own: what they serve, and at which paths.

The control process itself never imports what people wrote: it must not fall with it, and it must
see a new version of it without beginning anew.
"""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.environment import variables
from hanse.runtime.contract.service import contract_to_serve
from hanse.runtime.data.rows.arrival import migrations_of
from hanse.runtime.description.describe_service import describe_services
from hanse.runtime.description.service_description import ProjectDescription
from hanse.runtime.mail.inbox.place import HOME
from hanse.runtime.mail.mail_table import read_mail
from hanse.runtime.project.failure import explain
from hanse.runtime.project.project import Project, read_project
from hanse.runtime.wiring import kept_in_database, mails

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hanse.runtime.contract.service import Service

SOURCES = (".py", ".toml", ".html", ".txt", ".sql", ".css", ".js", ".svg", ".json", ".csv")
RELEASE_DIGITS = 8
SKIPPED = frozenset({".hanse", ".venv", ".git", "node_modules", "__pycache__"})


class ServiceSurvey(msgspec.Struct, frozen=True):
    """One service.

    Attributes:
        name: As the project lists it, `module:Class`.
        contract: Full name of its contract.
        segments: First segments of the paths it answers; the empty one is `/` itself.
        pages: Whether it answers browsers.
        front: Which of its pages people open first; empty if each needs to know more.
        inbox: Whether its host shows beside it what was mailed.
    """

    name: str
    contract: str
    segments: tuple[str, ...]
    pages: bool
    front: str = ""
    inbox: bool = False


class Survey(msgspec.Struct, frozen=True):
    """All services of a project.

    Attributes:
        services: In the order they are listed.
        release: Names the state of the sources: the same sources, the same name.
        post: Whether some of its migrations are for when the hosts of the release before are gone.
        description: What its services are to others; None where there are problems.
        problems: Why there is no more to say; sentences for people.
    """

    services: tuple[ServiceSurvey, ...] = ()
    release: str = ""
    post: bool = False
    problems: tuple[str, ...] = ()
    description: ProjectDescription | None = None


def survey(folder: Path, environment: str) -> Survey:
    """Imports a project's services and describes them; what is wrong with them is an answer too."""
    try:
        project = read_project(folder, environment)
        classes = project.services()
        migrations = migrations_of(kept_in_database(classes))
        description = describe_services(
            project.name, zip(project.file.project.services, classes, strict=True)
        )
    except Exception as error:  # noqa: BLE001 - whatever a project raises, its developer is told
        return Survey(problems=tuple(explain(error, folder)))
    named = zip(project.file.project.services, classes, strict=True)
    services = tuple(_describe(name, service) for name, service in named)
    services = _with_inbox(_with_files(services, project), classes, project)
    post = any(file.phase == "post" for file in migrations)
    problems = tuple(_unroutable(services))
    return Survey(services, release_of(project), post, problems, description)


def release_of(project: Project) -> str:
    """A name for the state of a project's sources, those of its further folders included."""
    digest = hashlib.sha256()
    folders = [project.folder, *(project.folder / name for name in project.file.project.folders)]
    kept = _kept(project)
    for path in sorted({path for folder in folders for path in _sources(folder.resolve(), kept)}):
        digest.update(os.path.relpath(path, project.folder).encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:RELEASE_DIGITS]


def _kept(project: Project) -> frozenset[Path]:
    """Folders in which a running fleet keeps something, wherever the project has them."""
    backup = project.file.backup
    named = (project.file.file_store.folder, backup.folder if backup else None)
    return frozenset((project.folder / name).resolve() for name in named if name)


def _sources(folder: Path, kept: frozenset[Path]) -> Iterator[Path]:
    """Never looks into what is skipped: folders come and go there while a fleet runs."""
    for place, folders, files in os.walk(folder):
        folders[:] = [
            name for name in folders if name not in SKIPPED and Path(place, name) not in kept
        ]
        found = (Path(place, name) for name in files if name.endswith(SOURCES))
        yield from (path for path in found if path.is_file())


def _describe(name: str, service: type[Service]) -> ServiceSurvey:
    contract = contract_to_serve(service)
    pages = [page.route for page in service.__pages__ if page.route]
    paths = [page.path for page in pages]
    front = _front([page.path for page in pages if page.verb == "GET"])
    routed = [method.route.path for method in contract.methods.values() if method.route]
    segments = {_first_segment(path) for path in (*paths, *routed)}
    if routed:
        segments.add(contract.full_name)  # Connect's address of the same methods
    return ServiceSurvey(name, contract.full_name, tuple(sorted(segments)), bool(paths), front)


def _front(paths: list[str]) -> str:
    """The shortest; of `/careers` and `/careers/` the folder, to which the other one leads."""
    plain = [path for path in paths if "{" not in path]
    return min(plain, key=lambda path: (len(path.rstrip("/")), -len(path)), default="")


def _with_files(services: tuple[ServiceSurvey, ...], project: Project) -> tuple[ServiceSurvey, ...]:
    """Every host serves the project's files; the gateway asks those that make its pages."""
    folders = {_first_segment(f"{served.prefix}/") for served in project.files()}
    asked = next((one for one in services if one.pages), services[0])
    segments = tuple(sorted({*asked.segments, *folders}))
    with_files = msgspec.structs.replace(asked, segments=segments)
    return tuple(with_files if one is asked else one for one in services)


def _with_inbox(
    services: tuple[ServiceSurvey, ...], classes: Sequence[type[Service]], project: Project
) -> tuple[ServiceSurvey, ...]:
    """Every host that mails nothing away shows all letters; the gateway asks the first of them."""
    named = zip(services, classes, strict=True)
    asked = next((one for one, service in named if mails((service,))), None)
    sources = project.sources(variables())
    if asked is None or read_mail(project.file.mail, sources, project.folder) is not None:
        return services
    segments = tuple(sorted({*asked.segments, _first_segment(HOME)}))
    with_inbox = msgspec.structs.replace(asked, segments=segments, inbox=True)
    return tuple(with_inbox if one is asked else one for one in services)


def _first_segment(path: str) -> str:
    return path.split("/", 2)[1]


def _unroutable(services: tuple[ServiceSurvey, ...]) -> Iterator[str]:
    """The gateway looks at the first segment of a path and no further: it must be a fixed one."""
    for service in services:
        for segment in service.segments:
            if "{" in segment:
                yield (
                    f"{service.name} has a path that begins with /{segment}, and the gateway "
                    "routes by first segments: begin it with a fixed one, like /things/{id}."
                )


def main() -> None:
    """Writes the survey of the folder and environment named on the command line, as JSON."""
    found = survey(Path(sys.argv[1]), sys.argv[2])
    sys.stdout.buffer.write(msgspec.json.encode(found))


if __name__ == "__main__":
    main()
