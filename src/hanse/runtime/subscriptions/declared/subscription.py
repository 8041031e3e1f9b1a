"""What was read of a method that takes events."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.runtime.contract.method import Method
    from hanse.runtime.events.event import Event
    from hanse.runtime.subscriptions.subscriptions import Subscriptions


class Subscription:
    """One method and the events it takes.

    Attributes:
        name: `hiring.v1.Notices/notify`; where it stands in the stream is kept under this name.
        method: The method, as something that can be called.
        events: Their classes by their full names.
        batch: How many events it takes at once; 0 where it takes one.
        takes_delivery: Whether it asks for the `Delivery` too.
        runner: What a host has it run by.
    """

    __slots__ = ("batch", "events", "method", "name", "takes_delivery")

    @property
    def runner(self) -> type[Subscriptions]:
        from hanse.runtime.subscriptions.subscriptions import Subscriptions

        return Subscriptions

    def __init__(
        self,
        name: str,
        method: Method,
        events: Mapping[str, type[Event]],
        *,
        batch: int,
        takes_delivery: bool,
    ) -> None:
        self.name = name
        self.method = method
        self.events = events
        self.batch = batch
        self.takes_delivery = takes_delivery
