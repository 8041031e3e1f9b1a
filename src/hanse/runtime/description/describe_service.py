"""Makes the description of a service, plain data, from its class."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from hanse.runtime.config.settings import Settings
from hanse.runtime.contract.describe import Describer, describe
from hanse.runtime.contract.service import contract_to_serve
from hanse.runtime.description.needs import describe_needs
from hanse.runtime.description.service_description import (
    ProjectDescription,
    ServiceDescription,
    SettingsDescription,
)
from hanse.runtime.description.stored import describe_documents, describe_workflows
from hanse.runtime.events.describe import describe_event
from hanse.runtime.events.event import event_of
from hanse.runtime.subscriptions.describe import describe_post
from hanse.runtime.subscriptions.subscriptions import subscriptions_of
from hanse.runtime.wiring import section_of, wishes_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.runtime.contract.description import EventDescription
    from hanse.runtime.project.project import Project


def describe_project(project: Project) -> ProjectDescription:
    """The description of all services of a project, which are imported for it.

    Raises:
        ProjectError: They cannot be imported.
        ConfigurationError: They cannot be described: types cannot be read, or two events are one.
    """
    names = project.file.project.services
    return describe_services(project.name, zip(names, project.services(), strict=True))


def describe_services(name: str, services: Iterable[tuple[str, type]]) -> ProjectDescription:
    """The description of some services; the same classes always give the same one.

    Args:
        name: Of their project.
        services: As they are listed there, `module:Class`, and their classes.

    Raises:
        ConfigurationError: They cannot be described.
    """
    described = (describe_service(listed, service) for listed, service in services)
    return ProjectDescription(name, tuple(sorted(described, key=lambda one: one.name)))


def describe_service(listed: str, service: type) -> ServiceDescription:
    """The description of one service.

    Args:
        listed: As its project lists it.
        service: Its class.

    Raises:
        ConfigurationError: It cannot be described.
    """
    contract = describe(contract_to_serve(service))
    post = describe_post((service,))
    taken = {name: cls for one in subscriptions_of(service) for name, cls in one.events.items()}
    told = (one for one in post.events if one.package == contract.package and post.tellers)
    return ServiceDescription(
        listed=listed,
        contract=contract,
        needs=describe_needs(service),
        tells=tuple(told),
        takes=post.subscriptions,
        taken=tuple(_event(taken[name]) for name in sorted(taken)),
        documents=describe_documents(service),
        workflows=describe_workflows(service),
        settings=_settings(service),
    )


def _event(cls: type) -> EventDescription:
    return describe_event(event_of(cls))


def _settings(service: type) -> SettingsDescription | None:
    kinds = [one for one in wishes_of(service).values() if inspect.isclass(one)]
    found = next((one for one in kinds if issubclass(one, Settings)), None)
    if found is None:
        return None
    describer = Describer()
    fields = describer.fields(found)
    return SettingsDescription(section_of(service), fields, describer.sorted_types())
