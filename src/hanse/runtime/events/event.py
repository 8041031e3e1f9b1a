"""`@event`: reads the class of a fact that is told to whoever subscribes to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from hanse.runtime.contract.mistakes import Mistakes
from hanse.runtime.data.outbox.event import Event
from hanse.runtime.events.model import Declared, EventModel, read_event

if TYPE_CHECKING:
    from collections.abc import Callable

E = TypeVar("E", bound=Event)

__all__ = ["Event", "event", "event_of"]


def event(package: str, *, key: str = "", person: str = "") -> Callable[[type[E]], type[E]]:
    """Says which package an event is of, and which events are told in their order.

        @event("hiring.v1", key="job")
        class JobPublished(Event):
            job: str
            title: str

    Args:
        package: Domain and version, `hiring.v1`; the event is `hiring.v1.JobPublished` then.
        key: The field whose value orders: events of one key are handled one after the other, as
            they were emitted. Left out, all events of a site are one order.
        person: The field that holds the id of the person whose data it is, or an e-mail address;
            needed where a field is `Personal`. Such fields leave the process sealed.

    Raises:
        DeclarationError: When the class is made, with every mistake in it.
    """

    def declare(cls: type[E]) -> type[E]:
        with Mistakes(f"Event {cls.__name__}").collecting() as mistakes:
            cls.__event__ = read_event(cls, Declared(package, key, person), mistakes)
        return cls

    return declare


def event_of(cls: type[Event]) -> EventModel:
    """What was read of an event's class.

    Raises:
        TypeError: It is not decorated with `@event`; a subclass of one that is has to be too.
    """
    model = vars(cls).get("__event__")
    if model is None:
        raise TypeError(f'{cls.__name__} is of no package; put @event("domain.v1") above it.')
    return model
