"""Sends one delivery once, and writes down what came of it."""

from __future__ import annotations

from collections import Counter
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from hanse.kit.clock import monotonic_ns
from hanse.runtime.call.context import current
from hanse.runtime.data.collection.conflict import RevisionConflict
from hanse.runtime.errors import NotFound
from hanse.runtime.webhooks.egress.egress import Answer, Egress
from hanse.runtime.webhooks.egress.names import NoThread
from hanse.runtime.webhooks.egress.target import read_target
from hanse.runtime.webhooks.outgoing.delivery import KEPT_DAYS, Attempt
from hanse.runtime.webhooks.outgoing.endpoint import EndpointDisabled, StoredEndpoint
from hanse.runtime.webhooks.outgoing.lines import Sending
from hanse.runtime.webhooks.outgoing.schedule import (
    TOLERATED_HOURS,
    TRIES,
    wait_after,
    wait_for_room,
)
from hanse.runtime.webhooks.outgoing.webhook_id import webhook_id
from hanse.runtime.webhooks.signature import (
    ID_HEADER,
    SIGNATURE_HEADER,
    TIME_HEADER,
    signature_of,
)

if TYPE_CHECKING:
    from hanse.runtime.webhooks.outgoing.book import Book
    from hanse.runtime.webhooks.outgoing.payload import Payloads

AT_ONCE = 8
"""To one endpoint from one host: more would only wait for it, and keep others from their turn."""

AT_ONCE_OF_A_SITE = 64
"""From one host: endpoints that are slow, however many, keep no workflow of other sites waiting."""

CHANGES_TRIES = 5
GONE_STATUS = 410

INACTIVE = "Its endpoint is not active."
OLD = "It is older than what is kept."
NOT_TAKEN = f"Neither it nor what is before it of its key was taken in {KEPT_DAYS} days."
ERASED = "Its person was erased, or nobody tells such events any more."


class Came(msgspec.Struct, frozen=True):
    """What came of one try.

    Attributes:
        state: How the delivery ended; empty if it did not.
        why: What was wrong.
        tries: How often it was tried by now, in all rounds.
        wait: Seconds until the next try, where it did not end.
        counted: Whether anything was sent.
    """

    state: Literal["", "delivered", "failed", "skipped", "gone"]
    why: str = ""
    tries: int = 0
    wait: float = 0.0
    counted: bool = True


class Sender:
    """Sends deliveries of one host.

    Args:
        book: Where they are, and how it stands with endpoints.
        payloads: Makes their bodies.
        egress: Sends requests.
        http: Whether endpoints may have plain HTTP.
    """

    def __init__(self, book: Book, payloads: Payloads, egress: Egress, *, http: bool) -> None:
        self._book = book
        self._payloads = payloads
        self._egress = egress
        self._http = http
        self._under_way: Counter[str] = Counter()

    async def attempt(self, sending: Sending, tries: int, waits: int) -> Came:
        """Sends it, if there is any sense in that.

        Args:
            sending: What.
            tries: How often it was tried in this round.
            waits: How often it waited for others, to its endpoint or of its site.

        Raises:
            HanseError: The database is away.
        """
        limits = {sending.endpoint: AT_ONCE, f"site {current().site}": AT_ONCE_OF_A_SITE}
        if any(self._under_way[one] >= most for one, most in limits.items()):
            return Came("", wait=wait_for_room(waits), counted=False)
        self._under_way.update(limits.keys())
        try:
            return await self._attempt(sending, tries)
        except NoThread:
            return Came("", wait=wait_for_room(waits), counted=False)
        finally:
            self._under_way.subtract(limits.keys())
            self._under_way += Counter()  # keeps none that is 0

    async def _attempt(self, sending: Sending, tries: int) -> Came:
        book = self._book
        try:
            endpoint: StoredEndpoint = await book.endpoints.get(sending.endpoint)
        except NotFound:
            return Came("skipped", INACTIVE)
        if endpoint.state != "active":
            return Came("skipped", INACTIVE)
        try:
            delivery = await book.deliveries.get(sending.delivery)
        except NotFound:
            return Came("gone", OLD)
        try:
            message = await book.messages.get(sending.message)
        except NotFound:
            return Came("failed", NOT_TAKEN) if delivery.round == 1 else Came("gone", OLD)
        sent = message.envelope.encode()
        body = await self._payloads.of(sent, personal=endpoint.personal)
        if body is None:
            return Came("gone", ERASED)
        answer = await self._posted(endpoint, sending, body, delivery.tries + 1)
        return await self._judged(endpoint, sending, answer, tries + 1, delivery.tries + 1)

    async def _posted(
        self, endpoint: StoredEndpoint, sending: Sending, body: bytes, number: int
    ) -> Answer:
        """Sends it and notes that; a host that dies in between does both again.

        Raises:
            NoThread: Nothing was tried.
        """
        now, began = self._now(), monotonic_ns()
        headers = signed(endpoint, webhook_id(sending.event, sending.endpoint), now, body)
        target = read_target(endpoint.url, http=True)
        if target.origin.startswith("http:") and not self._http:
            answer = Answer(0, "Plain HTTP is not allowed here any more.")
        else:
            answer = await self._egress.post(target, headers, body, current().site)
        took = (monotonic_ns() - began) // 1_000_000
        failure = failure_of(answer)
        await self._book.attempts.create(
            Attempt(
                delivery=sending.delivery, number=number, status=answer.status,
                milliseconds=took, failure=failure,
            )
        )  # fmt: skip
        return msgspec.structs.replace(answer, failure=failure)

    async def _judged(
        self, endpoint: StoredEndpoint, sending: Sending, answer: Answer, tries: int, number: int
    ) -> Came:
        """What follows from an answer, for the delivery and for its endpoint."""
        if not answer.failure:
            if endpoint.failing_since is not None:
                await self._book.endpoints.update_many([{"id": endpoint.id, "failing_since": None}])
            return Came("delivered", tries=number)
        since = endpoint.failing_since or self._now()
        if answer.status == GONE_STATUS:
            await self._disable(endpoint.id, "It answered 410 Gone.")
        elif tries >= TRIES and self._now() - since >= timedelta(hours=TOLERATED_HOURS):
            why = f"It took nothing for {TOLERATED_HOURS} hours; at last: {answer.failure}"
            await self._disable(endpoint.id, why)
        elif tries < TRIES:
            await self._note_failing(endpoint, sending, answer, since, number)
            wait = wait_after(tries, answer.retry_after)
            return Came("", answer.failure, number, wait)
        return Came("failed", answer.failure, number)

    async def _note_failing(
        self,
        endpoint: StoredEndpoint,
        sending: Sending,
        answer: Answer,
        since: datetime,
        number: int,
    ) -> None:
        if endpoint.failing_since is None:
            changes: dict[str, Any] = {"id": endpoint.id, "failing_since": since}
            await self._book.endpoints.update_many([changes])
        row = {"id": sending.delivery, "tries": number, "why": answer.failure}
        await self._book.deliveries.update_many([row])

    async def _disable(self, id: str, why: str) -> None:
        """Has nothing sent to an endpoint any more, and tells that once."""
        for _ in range(CHANGES_TRIES):
            try:
                endpoint: StoredEndpoint = await self._book.endpoints.get(id)
                if endpoint.state == "disabled":
                    return
                await self._book.endpoints.update(
                    id,
                    {"state": "disabled", "why": why},
                    revision=endpoint.revision,
                    event=EndpointDisabled(id, read_target(endpoint.url, http=True).origin, why),
                )
            except RevisionConflict:
                continue
            except NotFound:
                return
            else:
                return

    def _now(self) -> datetime:
        return self._book.database.clock.now()


def failure_of(answer: Answer) -> str:
    """What is wrong with an answer, in a sentence; empty for one that says it was taken."""
    if answer.failure or 200 <= answer.status < 300:
        return answer.failure
    if 300 <= answer.status < 400:
        return f"It answered {answer.status}; redirects are not followed."
    return f"It answered {answer.status}."


def signed(endpoint: StoredEndpoint, id: str, now: datetime, body: bytes) -> dict[str, str]:
    """The headers of a webhook; signed by two secrets while one takes the other's place."""
    seconds = int(now.timestamp())
    secrets = [endpoint.secret]
    if endpoint.old_secret_until is not None and now < endpoint.old_secret_until:
        secrets.append(endpoint.old_secret)
    signatures = (signature_of(one, id, seconds, body) for one in secrets if one is not None)
    return {
        "content-type": "application/json",
        "user-agent": "hanse-webhooks/1",
        ID_HEADER: id,
        TIME_HEADER: str(seconds),
        SIGNATURE_HEADER: " ".join(signatures),
    }
