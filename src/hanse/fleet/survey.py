"""What the plan and the gateway need to know of a service: what it serves, and at which paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.kit.environment import variables
from hanse.runtime.contract.service import contract_to_serve
from hanse.runtime.mail.inbox.place import HOME
from hanse.runtime.mail.mail_table import read_mail

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from hanse.runtime.contract.service import Service
    from hanse.runtime.project.project import Project


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


def survey_of(name: str, service: type[Service]) -> ServiceSurvey:
    """One service, as its class tells.

    Args:
        name: As the project lists it.
        service: The class.
    """
    contract = contract_to_serve(service)
    pages = [page.route for page in service.__pages__ if page.route]
    paths = [page.path for page in pages]
    front = _front([page.path for page in pages if page.verb == "GET"])
    routed = [method.route.path for method in contract.methods.values() if method.route]
    segments = {_first_segment(path) for path in (*paths, *routed)}
    if routed:
        segments.add(contract.full_name)  # Connect's address of the same methods
    return ServiceSurvey(name, contract.full_name, tuple(sorted(segments)), bool(paths), front)


def served_by(
    services: tuple[ServiceSurvey, ...], mailing: Collection[str], project: Project
) -> tuple[ServiceSurvey, ...]:
    """The services with what their hosts serve beside them: the project's files and the inbox.

    Args:
        services: As their classes tell.
        mailing: Names of those that send letters.
        project: Whose they are.

    Raises:
        ProjectError: Folders of files are not there, or not to be shown.
    """
    return _with_inbox(_with_files(services, project), mailing, project)


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
    services: tuple[ServiceSurvey, ...], mailing: Collection[str], project: Project
) -> tuple[ServiceSurvey, ...]:
    """Every host that mails nothing away shows all letters; the gateway asks the first of them."""
    asked = next((one for one in services if one.name in mailing), None)
    sources = project.sources(variables())
    if asked is None or read_mail(project.file.mail, sources, project.folder) is not None:
        return services
    segments = tuple(sorted({*asked.segments, _first_segment(HOME)}))
    with_inbox = msgspec.structs.replace(asked, segments=segments, inbox=True)
    return tuple(with_inbox if one is asked else one for one in services)


def _first_segment(path: str) -> str:
    return path.split("/", 2)[1]


def unroutable(services: Iterable[ServiceSurvey]) -> Iterator[str]:
    """Which paths the gateway cannot lead to, in sentences.

    The gateway looks at the first segment of a path and no further: it must be a fixed one.
    """
    for service in services:
        for segment in service.segments:
            if "{" in segment:
                yield (
                    f"{service.name} has a path that begins with /{segment}, and the gateway "
                    "routes by first segments: begin it with a fixed one, like /things/{id}."
                )
