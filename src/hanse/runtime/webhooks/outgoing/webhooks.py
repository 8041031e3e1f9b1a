"""`Webhooks`: a service that sends events of an application to whoever its sites name."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Self

from hanse.runtime.contract.declaration import DECLARATION, rpc
from hanse.runtime.contract.mistakes import Mistakes
from hanse.runtime.contract.rules import Instant, Range
from hanse.runtime.contract.service import Service
from hanse.runtime.data.collection.conflict import RevisionConflict
from hanse.runtime.errors import HanseError, NotFound
from hanse.runtime.events.envelope import read_envelope
from hanse.runtime.events.event import Event, event_of
from hanse.runtime.events.events import Events
from hanse.runtime.subscriptions.declared.declaration import subscribe
from hanse.runtime.subscriptions.handling.inbox import envelopes_here
from hanse.runtime.webhooks.egress.egress import Egress
from hanse.runtime.webhooks.egress.reach import Reach
from hanse.runtime.webhooks.outgoing.book import Book
from hanse.runtime.webhooks.outgoing.delivery import (
    Attempt,
    DeliveryState,
    Replayed,
    StoredDelivery,
    StoredMessage,
    WebhookDeliveries,
)
from hanse.runtime.webhooks.outgoing.desk import ENDPOINTS_MAX, OVER, Desk, StillUnderWay
from hanse.runtime.webhooks.outgoing.endpoint import (
    Description,
    Endpoint,
    Kinds,
    NewEndpoint,
    StoredEndpoint,
    Url,
    shown,
)
from hanse.runtime.webhooks.outgoing.lines import Lines, Sending, line_of, run_of
from hanse.runtime.webhooks.outgoing.payload import Payloads
from hanse.runtime.webhooks.outgoing.sender import INACTIVE, Sender
from hanse.runtime.webhooks.outgoing.settings import WebhookSettings
from hanse.runtime.webhooks.outgoing.template import copied, taker
from hanse.runtime.workflows.declaration import workflow
from hanse.runtime.workflows.retry import Retry
from hanse.runtime.workflows.run import Run
from hanse.runtime.workflows.workflows import Workflows

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.identity.permission import Rule

PACKAGE = "webhooks.v1"
ENDPOINTS, DELIVERIES = "/webhooks/v1/endpoints", "/webhooks/v1/deliveries"

UNTIL_WRITTEN = Retry(tries=0, first=1.0, most=60.0)
"""While the database is away. What an endpoint answers is no failure of a step."""

ROUTES = {
    "create_endpoint": f"POST {ENDPOINTS}",
    "list_endpoints": f"GET {ENDPOINTS}",
    "get_endpoint": f"GET {ENDPOINTS}/{{id}}",
    "update_endpoint": f"PATCH {ENDPOINTS}/{{id}}",
    "delete_endpoint": f"DELETE {ENDPOINTS}/{{id}}",
    "pause_endpoint": f"POST {ENDPOINTS}/{{id}}:pause",
    "enable_endpoint": f"POST {ENDPOINTS}/{{id}}:enable",
    "rotate_secret": f"POST {ENDPOINTS}/{{id}}:rotateSecret",
    "replay_range": f"POST {ENDPOINTS}/{{id}}:replay",
    "list_deliveries": f"GET {ENDPOINTS}/{{id}}/deliveries",
    "list_attempts": f"GET {DELIVERIES}/{{id}}/attempts",
    "replay": f"POST {DELIVERIES}/{{id}}:replay",
}
ERRORS: dict[str, tuple[type[HanseError], ...]] = {
    "rotate_secret": (RevisionConflict,),
    "replay": (StillUnderWay,),
}


class Webhooks(Service, template=True):
    """Sends events to endpoints that each site names, signed as Standard Webhooks says.

        class Hooks(Webhooks, events=(JobPublished, JobClosed), allow=permission("hooks.manage")):
            \"\"\"What other systems are told.\"\"\"

    Endpoints are below `/webhooks/v1/endpoints`; a site sees its own and no other's. Each is sent
    the events it wants, those of one key in their order, twelve times over two days if need be. One
    that takes nothing for so long, or answers 410, is disabled, which is told by
    `EndpointDisabled`. Keep the name of the class: what is under way is known by it.

    Args:
        events: What is told; nothing else ever leaves.
        allow: Who may see and change the endpoints of a site, and have events sent again.

    Raises:
        DeclarationError: When the class is made, with every mistake in it.
    """

    __events__: ClassVar[tuple[type[Event], ...]] = ()

    def __init_subclass__(
        cls, *, events: Sequence[type[Event]] = (), allow: Rule | None = None, **options: Any
    ) -> None:
        with Mistakes(f"Webhooks {cls.__name__}").collecting() as mistakes:
            if not events:
                mistakes.add(cls.__name__, "tells nothing", "events=(JobPublished, …)")
            if allow is None:
                remedy = 'say who may manage endpoints: allow=permission("…")'
                mistakes.add(cls.__name__, "says not who may call it", remedy)
        cls.__events__ = tuple(events)
        cls.tell = subscribe(*events, name=f"{PACKAGE}/outgoing")(taker(cls.__events__))
        for name, route in ROUTES.items():
            written = getattr(cls, name)
            if not hasattr(written, DECLARATION):
                errors = ERRORS.get(name, ())
                setattr(cls, name, rpc(route, allow=allow, errors=errors)(copied(written)))
        super().__init_subclass__(package=PACKAGE, **options)

    def __init__(
        self, book: Book, workflows: Workflows, events: Events, settings: WebhookSettings
    ) -> None:
        self._book, self._workflows, self._events = book, workflows, events
        reach = Reach(settings.networks)
        self._egress = Egress(reach)
        payloads = Payloads(self.__events__, book.database.keys)
        self._sender = Sender(book, payloads, self._egress, http=settings.http)
        self._lines = Lines(book, self._begin)
        kinds = [event_of(one).full_name for one in self.__events__]
        self._desk = Desk(book, self._lines, kinds, reach, http=settings.http)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._egress.close()

    async def create_endpoint(
        self, url: Url, events: Kinds = (), description: Description = "", *, personal: bool = False
    ) -> NewEndpoint:
        """Has events of the site sent to an address from now on.

        The answer has the secret that they are signed with, which is shown this once. `events` are
        full names, as `hiring.v1.JobPublished`; none for all. Fields of persons are left out,
        unless `personal` says that whoever is there may have them.
        """
        return await self._desk.create(
            StoredEndpoint(url=url, events=events, description=description, personal=personal)
        )

    async def list_endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of the site, the oldest first."""
        return await self._desk.all()

    async def get_endpoint(self, id: str) -> Endpoint:
        """One endpoint, and how it stands with it."""
        return shown(await self._book.endpoints.get(id))

    async def update_endpoint(
        self,
        id: str,
        url: Url | None = None,
        events: Kinds | None = None,
        description: Description | None = None,
        *,
        personal: bool | None = None,
    ) -> Endpoint:
        """Changes what is given of an endpoint, also for what is under way."""
        given = {"url": url, "events": events, "description": description, "personal": personal}
        changes = {name: one for name, one in given.items() if one is not None}
        return await self._desk.change(id, changes)

    async def delete_endpoint(self, id: str) -> None:
        """Sends nothing there any more, also not what is under way."""
        await self._book.endpoints.delete(id)

    async def pause_endpoint(self, id: str) -> Endpoint:
        """Sends nothing there until it is enabled; what comes meanwhile can be replayed then."""
        return await self._desk.change(id, {"state": "paused", "why": ""})

    async def enable_endpoint(self, id: str) -> Endpoint:
        """Sends there again what comes from now on; for the rest there is `replay`."""
        changes = {"state": "active", "why": "", "failing_since": None}
        return await self._desk.change(id, changes)

    async def rotate_secret(self, id: str) -> NewEndpoint:
        """Another secret for an endpoint; for a day what is sent is signed by the old one too."""
        return await self._desk.rotate(id)

    async def list_deliveries(
        self,
        id: str,
        state: DeliveryState | None = None,
        page_size: Annotated[int, Range(1, 1000)] = 50,
        cursor: str = "",
    ) -> WebhookDeliveries:
        """What was sent or is to be sent to an endpoint in the last 30 days, the newest first."""
        return await self._desk.deliveries(id, state or "", page_size, cursor)

    async def list_attempts(self, id: str) -> tuple[Attempt, ...]:
        """Each try of a delivery: when, what was answered, how long it took, what was wrong."""
        return await self._desk.attempts(id)

    async def replay(self, id: str) -> None:
        """Sends one delivery again, under the same `webhook-id`."""
        await self._desk.replay(id, self._broke_off)

    async def replay_range(
        self,
        id: str,
        since: Instant,
        until: Instant | None = None,
        states: tuple[DeliveryState, ...] = ("failed", "skipped"),
        cursor: str = "",
    ) -> Replayed:
        """Sends again what was for an endpoint in a range of time, in that order.

        A hundred deliveries are looked at in a call; give the cursor back until there is none.
        """
        over = [one for one in states if one in OVER]
        return await self._desk.replay_range(id, (since, until), over, cursor)

    @workflow(version=1)
    async def send(self, run: Run, sending: Sending) -> str:
        """One delivery, until it has come to an end; then the next of its line."""
        tries = waits = 0
        try:
            while True:
                came = await run.step(
                    self._sender.attempt, sending, tries, waits, retry=UNTIL_WRITTEN
                )
                if came.state:
                    break
                tries, waits = tries + came.counted, 0 if came.counted else waits + 1
                await run.sleep(timedelta(seconds=came.wait))
        except HanseError as error:
            why = f"It broke off: {error.code}."
            await run.transaction(self._lines.end, sending, "failed", why, 0, retry=UNTIL_WRITTEN)
            raise
        await run.transaction(
            self._lines.end, sending, came.state, came.why, came.tries, retry=UNTIL_WRITTEN
        )
        return came.state

    async def _told(self) -> None:
        """Puts an event in the line of each endpoint that wants it, as a part of its handler."""
        (sent,) = envelopes_here()
        envelope = read_envelope(sent)
        page = await self._book.endpoints.select(["events", "state"], page_size=ENDPOINTS_MAX)
        wanted = [one for one in page.items if not one.events or envelope.type in one.events]
        if not wanted:
            return
        message = await self._book.messages.create(StoredMessage(envelope=sent.decode()))
        deliveries = [
            StoredDelivery(
                endpoint=one.id,
                event=envelope.id,
                type=envelope.type,
                message=message.id,
                kept_from=self._book.database.clock.now(),
                line=line_of(one.id, envelope.subject),
                state="waiting" if one.state == "active" else "skipped",
                why="" if one.state == "active" else INACTIVE,
            )
            for one in wanted
        ]
        await self._lines.add(deliveries)

    async def _begin(self, sending: Sending) -> None:
        await self._workflows.start(self.send, sending, id=sending.run)

    async def _broke_off(self, one: StoredDelivery) -> bool:
        """Whether nobody sends a delivery that is said to be on its way."""
        if one.state != "sending":
            return False
        try:
            found = await self._workflows.get(self.send, run_of(one.id, one.round))
        except NotFound:
            return True
        return found.end_time is not None
