"""What owners of endpoints do: make, change and look at them, and have events sent again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.call.context import current
from hanse.runtime.config.secret import Secret
from hanse.runtime.errors import (
    FailedPrecondition,
    InvalidArgument,
    ResourceExhausted,
    Violation,
)
from hanse.runtime.webhooks.egress.target import read_target
from hanse.runtime.webhooks.outgoing.delivery import (
    Attempt,
    Replayed,
    StoredDelivery,
    WebhookDeliveries,
    WebhookDelivery,
)
from hanse.runtime.webhooks.outgoing.endpoint import (
    Endpoint,
    NewEndpoint,
    StoredEndpoint,
    shown,
)
from hanse.runtime.webhooks.outgoing.webhook_id import webhook_id
from hanse.runtime.webhooks.signature import new_secret

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Collection, Sequence

    from hanse.runtime.webhooks.egress.reach import Reach
    from hanse.runtime.webhooks.outgoing.book import Book
    from hanse.runtime.webhooks.outgoing.lines import Lines

ENDPOINTS_MAX = 100
"""Of one site: each is looked at for each event."""

ROTATION = timedelta(days=1)
"""So long the secret before signs as well."""

REPLAY_MAX = 100
"""Deliveries that one call has sent again, in one transaction."""

OVER = ("delivered", "failed", "skipped", "gone")


class StillUnderWay(FailedPrecondition):
    """A delivery is sent already, or waits for its turn."""

    code = "still_under_way"


class Desk:
    """Serves the owners of endpoints; all is of the site of the running call.

    Args:
        book: What is kept.
        lines: Where deliveries stand.
        kinds: Full names of the events that are told.
        reach: What may be reached.
        http: Whether endpoints may have plain HTTP.
    """

    def __init__(
        self, book: Book, lines: Lines, kinds: Collection[str], reach: Reach, *, http: bool
    ) -> None:
        self._book = book
        self._lines = lines
        self._kinds = kinds
        self._reach = reach
        self._http = http

    async def create(self, item: StoredEndpoint) -> NewEndpoint:
        """Makes an endpoint, with a secret that is shown this once."""
        self._check(item.url, item.events)
        secret = new_secret()
        async with self._book.database.transaction():
            await self._book.database.lock(f"webhooks of {current().site}")
            if len((await self._book.endpoints.query(page_size=ENDPOINTS_MAX)).items) >= (
                ENDPOINTS_MAX
            ):
                raise ResourceExhausted(
                    f"A site has {ENDPOINTS_MAX} endpoints at most; delete one that is not used."
                )
            made = await self._book.endpoints.create(msgspec.structs.replace(item, secret=secret))
        return NewEndpoint(shown(made), secret.reveal())

    async def all(self) -> tuple[Endpoint, ...]:
        """The endpoints of the site, the oldest first."""
        page = await self._book.endpoints.query(page_size=ENDPOINTS_MAX)
        return tuple(map(shown, page.items))

    async def change(self, id: str, changes: dict[str, Any]) -> Endpoint:
        """Changes what is given of an endpoint."""
        self._check(changes.get("url"), changes.get("events", ()))
        return shown(await self._book.endpoints.update(id, changes))

    async def rotate(self, id: str) -> NewEndpoint:
        """Gives an endpoint another secret; for a day what is sent is signed by both."""
        secret, until = new_secret(), self._book.database.clock.now() + ROTATION
        stored: StoredEndpoint = await self._book.endpoints.get(id)
        old: Secret | None = stored.secret
        changed = await self._book.endpoints.update(
            id,
            {"secret": secret, "old_secret": old, "old_secret_until": until},
            revision=stored.revision,
        )
        return NewEndpoint(shown(changed), secret.reveal())

    async def deliveries(
        self, endpoint: str, state: str, page_size: int, cursor: str
    ) -> WebhookDeliveries:
        """Deliveries to an endpoint, the newest first."""
        filter: dict[str, Any] = {"endpoint": endpoint} | ({"state": state} if state else {})
        page = await self._book.deliveries.query(
            filter, sort=["-create_time"], page_size=page_size, cursor=cursor
        )
        return WebhookDeliveries(tuple(map(_told, page.items)), page.next_cursor)

    async def attempts(self, delivery: str) -> tuple[Attempt, ...]:
        """The tries of one delivery, the first of them first."""
        await self._book.deliveries.get(delivery)
        page = await self._book.attempts.query(
            {"delivery": delivery}, sort=["create_time"], page_size=1000
        )
        return tuple(sorted(page.items, key=lambda one: one.number))

    async def replay(self, id: str, is_over: Callable[[StoredDelivery], Awaitable[bool]]) -> None:
        """Has one delivery sent again, behind those of its key that wait."""
        async with self._book.database.transaction():
            one: StoredDelivery = await self._book.deliveries.get(id)
            if one.state not in OVER and not await is_over(one):
                raise StillUnderWay("This delivery is under way; look at its tries.")
            await self._lines.add_again([one])

    async def replay_range(
        self,
        endpoint: str,
        span: tuple[datetime, datetime | None],
        states: Sequence[str],
        cursor: str,
    ) -> Replayed:
        """Has deliveries of a range sent again in the order they were made in, a page a call."""
        since, until = span
        within = {"$gte": since} | ({"$lt": until} if until is not None else {})
        async with self._book.database.transaction():
            await self._book.endpoints.get(endpoint)
            page = await self._book.deliveries.query(
                {"endpoint": endpoint, "create_time": within},
                sort=["create_time"],
                page_size=REPLAY_MAX,
                cursor=cursor,
            )
            found = [one for one in page.items if one.state in states]
            await self._lines.add_again(found)
        return Replayed(len(found), page.next_cursor)

    def _check(self, url: str | None, events: Sequence[str]) -> None:
        """Refuses what nothing could be sent to, and events that nobody tells."""
        if url is not None:
            target = read_target(url, http=self._http)
            if target.host.replace(".", "").isdecimal() or ":" in target.host:
                self._check_number(target.host)
        for at, one in enumerate(events):
            if one not in self._kinds:
                message = f"{one} is not told here; told are {', '.join(sorted(self._kinds))}."
                where = f"events[{at}]"
                raise InvalidArgument(message, violations=(Violation(where, "known", message),))

    def _check_number(self, host: str) -> None:
        if not self._reach.allows(host):
            message = "The address of a webhook is no address that may be reached."
            raise InvalidArgument(message, violations=(Violation("url", "public", message),))


def _told(one: StoredDelivery) -> WebhookDelivery:
    assert one.create_time is not None, "it was read"
    return WebhookDelivery(
        one.id, webhook_id(one.event, one.endpoint), one.endpoint, one.event, one.type, one.state,
        one.tries, one.why, one.create_time,
    )  # fmt: skip
