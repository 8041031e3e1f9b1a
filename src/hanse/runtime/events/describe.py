"""Makes an event's description, plain data, from what was read of its class; and finds classes."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.contract.describe import Describer
from hanse.runtime.contract.description import EventDescription
from hanse.runtime.events.event import Event

if TYPE_CHECKING:
    from collections.abc import Collection

    from hanse.runtime.events.model import EventModel


def describe_event(model: EventModel) -> EventDescription:
    """The description of an event; the same class always gives the same one."""
    describer = Describer()
    fields = describer.fields(model.cls)
    personal = ((one.leaf.name, ".".join(one.person)) for one in model.personal)
    return EventDescription(
        name=model.name,
        package=model.package,
        fields=fields,
        key=".".join(model.key),
        doc=model.doc,
        personal=tuple(sorted(personal)),
        types=describer.sorted_types(),
    )


def events_of(packages: Collection[str]) -> list[EventModel]:
    """The events of some packages, of all classes that are imported, by their names.

    Raises:
        ConfigurationError: Two classes are one event.
    """
    found: dict[str, EventModel] = {}
    waiting: list[type[Event]] = [Event]
    while waiting:
        cls = waiting.pop()
        waiting += cls.__subclasses__()
        model: EventModel | None = vars(cls).get("__event__")
        if model is None or model.package not in packages or not _is_there(cls):
            continue
        first = found.setdefault(model.full_name, model)
        if first is not model:
            both = sorted(f"{one.__module__}.{one.__name__}" for one in (cls, first.cls))
            what = f"{model.full_name} is declared twice: {' and '.join(both)}; name one otherwise"
            raise ConfigurationError(what)
    return [found[name] for name in sorted(found)]


def _is_there(cls: type) -> bool:
    """Whether it is what its module has by its name now: not one of before it was imported anew."""
    return getattr(sys.modules.get(cls.__module__), cls.__name__, None) is cls
