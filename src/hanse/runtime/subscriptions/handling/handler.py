"""Calls the method of a subscription with events, as a running call of its own service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from hanse.kit.clock import monotonic_ns
from hanse.runtime.call.context import DEFAULT_LOCALE, Call, Origin, begin_trace
from hanse.runtime.call.endpoint import Endpoint
from hanse.runtime.call.observer import Observer
from hanse.runtime.data.personal.keys_opened import KeysOpened
from hanse.runtime.events.envelope import UnreadableEvent
from hanse.runtime.events.event import Event
from hanse.runtime.events.reading import Reader
from hanse.runtime.identity.principal import Principal
from hanse.runtime.subscriptions.declared.delivery import Delivery
from hanse.runtime.subscriptions.handling.gauges import HandlerGauges
from hanse.runtime.subscriptions.handling.inbox import HandlerKey, Inbox
from hanse.runtime.telemetry.trace_context import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.call.deadline import Deadlines
    from hanse.runtime.call.threads import Threads
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.personal.subject_keys import SubjectKeys
    from hanse.runtime.figures.tally import Tally
    from hanse.runtime.subscriptions.declared.subscription import Subscription
    from hanse.runtime.subscriptions.handling.arrived import Arrived
    from hanse.runtime.subscriptions.handling.claim import Feed
    from hanse.runtime.telemetry.metrics import Metrics
    from hanse.runtime.telemetry.span import SpanBuffer


class Handler:
    """One subscription's method, bound to what serves it.

    Args:
        subscription: What was declared.
        endpoint: Runs it; its `once` is an `Inbox`.
        keys: What personal data in events is sealed under.
        deadlines: Who ends it when its time is up.
        gauges: What operators see of it.

    Attributes:
        subscription: As given.
        gauges: As given.
    """

    def __init__(
        self,
        subscription: Subscription,
        endpoint: Endpoint,
        keys: SubjectKeys,
        deadlines: Deadlines,
        gauges: HandlerGauges,
    ) -> None:
        self.subscription = subscription
        self.gauges = gauges
        self._endpoint = endpoint
        self._deadlines = deadlines
        self._principal = Principal("service", subscription.method.service)
        self._readers = {
            name: Reader[Event](cls, keys) for name, cls in subscription.events.items()
        }

    async def run(self, feed: Feed, events: Sequence[Arrived]) -> None:
        """Handles events of one site, in order, all or none of them.

        Raises:
            NotDue: Something speaks against one of them.
            HanseError: What the method ended with, or an event cannot be read.
        """
        opened = KeysOpened()
        anew = bool(feed.replay_epoch) or events[0].parked
        read = await self._read(events, opened, anew=anew)
        if not read:  # of persons who were erased: there is nothing left to tell
            return
        call = self._call(feed, [one for one, _ in read])
        call.opened = opened
        self._deadlines.watch(call)
        try:
            await self._endpoint.run(call, _as_given, self._arguments(feed, read), _nothing)
        finally:
            self._deadlines.leave(call)

    async def _read(
        self, events: Sequence[Arrived], keys: KeysOpened, *, anew: bool
    ) -> list[tuple[Arrived, Event]]:
        found: dict[str, Event | None] = {}
        for kind in {one.envelope.type for one in events}:
            reader = self._readers.get(kind)
            if reader is None:  # another release subscribed to it
                raise UnreadableEvent(f"{self.subscription.name} does not subscribe to {kind}.")
            envelopes = [one.envelope for one in events if one.envelope.type == kind]
            opened = await reader.read(envelopes, anew=anew, opened=keys)
            found |= {one.id: event for one, event in zip(envelopes, opened, strict=True)}
        read = ((one, found[one.envelope.id]) for one in events)
        return [(one, event) for one, event in read if event is not None]

    def _arguments(self, feed: Feed, read: list[tuple[Arrived, Event]]) -> Any:
        subscription = self.subscription
        events = tuple(event for _, event in read)
        deliveries = tuple(
            Delivery(
                one.envelope.id,
                self._key(feed, one),
                one.attempt,
                one.envelope.time,
                one.envelope.causer,
                one.envelope.site,
                one.envelope.locale,
            )
            for one, _ in read
        )
        given: tuple[Any, ...] = (events, deliveries)
        if not subscription.batch:
            given = (events[0], deliveries[0])
        if not subscription.takes_delivery:
            given = given[:1]
        return subscription.method.request_type(*given)

    def _key(self, feed: Feed, one: Arrived) -> str:
        again = f".{feed.replay_epoch}" if feed.replay_epoch else ""
        return f"{self.subscription.name}{again}/{one.envelope.id}"

    def _call(self, feed: Feed, events: Sequence[Arrived]) -> Call:
        first, now = events[0], monotonic_ns()
        method = self.subscription.method
        trace, span = begin_trace()
        told = parse(first.envelope.traceparent, None)
        locales = {one.envelope.locale for one in events}
        locale = (first.envelope.locale if len(locales) == 1 else "") or DEFAULT_LOCALE
        return Call(
            method,
            Origin(first.envelope.site, self._principal, locale, cause=first.envelope.id),
            now,
            now + method.timeout_ns,
            self._deadlines,
            trace,
            span,
            sampled=told is not None and told.sampled,
            keyed=HandlerKey(
                self._key(feed, first),
                feed=feed,
                claims=tuple(one.claim for one in events),
                link=first.envelope.traceparent,
                sent=tuple(one.sent for one in events),
                sealed=any(one.holds_sealed for one in events),
            ),
        )


def bound(
    subscription: Subscription,
    instance: object,
    database: Database,
    instruments: Instruments,
    threads: Threads,
) -> Handler:
    """The handler that a service is for a subscription of its class."""
    method = subscription.method
    metrics = instruments.metrics.of(method.service, method.rpc_name, "server")
    observer = HandlerObserver(
        method.service, subscription.name, "server", metrics, instruments.spans, instruments.tally
    )
    endpoint = Endpoint(method, observer=observer, threads=threads, once=Inbox(database))
    endpoint.serve_by(instance)
    gauges = HandlerGauges(instruments.metrics, subscription.name)
    return Handler(subscription, endpoint, database.keys, instruments.deadlines, gauges)


class Instruments(Protocol):
    """What the calls of a host are timed and recorded with."""

    @property
    def deadlines(self) -> Deadlines: ...

    @property
    def metrics(self) -> Metrics: ...

    @property
    def spans(self) -> SpanBuffer: ...

    @property
    def tally(self) -> Tally: ...


class HandlerObserver(Observer):
    """Records calls of handlers; each is a trace of its own, and names the one its event is of."""

    def _attributes(self, call: Call) -> tuple[tuple[str, str], ...]:
        told = call.keyed.link if isinstance(call.keyed, HandlerKey) else ""
        return (("link.event", call.origin.cause), ("link.traceparent", told))


def _as_given(arguments: Any) -> Any:
    return arguments


def _nothing(_: Any) -> None:
    return None
