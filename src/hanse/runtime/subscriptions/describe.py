"""What services tell each other as plain data: events, who tells them, and who takes them."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any, cast

from hanse.runtime.contract.description import PostDescription, SubscriptionDescription
from hanse.runtime.contract.service import contract_of
from hanse.runtime.events.describe import describe_event, events_of
from hanse.runtime.events.event import event_of
from hanse.runtime.events.events import Events
from hanse.runtime.subscriptions.subscriptions import subscriptions_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.events.model import EventModel
    from hanse.runtime.subscriptions.declared.subscription import Subscription


def describe_post(services: Sequence[type]) -> PostDescription:
    """What some services tell and take.

    An event is of a package, whose services tell it: all of them that ask for `Events`.

    Raises:
        ConfigurationError: Two classes are one event.
    """
    tellers = _tellers(services)
    subscriptions = [one for service in services for one in subscriptions_of(service)]
    models = {model.full_name: model for model in events_of(tellers)} | _taken(subscriptions)
    return PostDescription(
        tuple(describe_event(models[name]) for name in sorted(models)),
        tuple((package, tuple(sorted(tellers[package]))) for package in sorted(tellers)),
        tuple(map(_described, sorted(subscriptions, key=lambda one: one.name))),
    )


def told_by(services: Sequence[type]) -> tuple[str, ...]:
    """The full names of the events that some services tell.

    Raises:
        ConfigurationError: Two classes are one event.
    """
    return tuple(model.full_name for model in events_of(_tellers(services)))


def _tellers(services: Sequence[type]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for service in services:
        contract = contract_of(service)
        if contract is not None and _asks_for_events(service):
            found.setdefault(contract.package, []).append(contract.full_name)
    return found


def _asks_for_events(service: type) -> bool:
    constructor: Any = cast("Any", service).__init__
    if constructor is object.__init__:
        return False
    return Events in typing.get_type_hints(constructor).values()


def _taken(subscriptions: Sequence[Subscription]) -> dict[str, EventModel]:
    classes = [cls for one in subscriptions for cls in one.events.values()]
    return {model.full_name: model for model in map(event_of, classes)}


def _described(one: Subscription) -> SubscriptionDescription:
    return SubscriptionDescription(
        one.name, one.method.service, tuple(sorted(one.events)), one.method.doc, one.batch
    )
