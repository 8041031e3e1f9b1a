"""Has what came before under a key answered as it was, and everything else happen once."""

from __future__ import annotations

import asyncio
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec.structs import astuple, replace

from hanse.kit.backoff import Backoff
from hanse.kit.clock import monotonic_ns, wait_set
from hanse.kit.fault_points import reached
from hanse.runtime.call.idempotency import KeyInFlight, KeyInterrupted, KeyReused
from hanse.runtime.call.leaving import begin_writing, end_writing
from hanse.runtime.contract.file import File, file_fields
from hanse.runtime.data.failures import SerializationConflict
from hanse.runtime.data.idempotency.ledger import Ledger
from hanse.runtime.data.idempotency.tables import make_tables
from hanse.runtime.data.people.arrival import prepare_persons
from hanse.runtime.data.unit import Unit
from hanse.runtime.errors import (
    KINDS,
    Aborted,
    Canceled,
    DeadlineExceeded,
    HanseError,
    Internal,
    ResourceExhausted,
    Unavailable,
    rebuilt,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.call.context import Call
    from hanse.runtime.contract.method import Method
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.idempotency.ledger import Claim, Found

MARGIN_SECONDS = 1.0
"""How much longer than its deadline a request may hold its key: to end it takes a moment."""

CLAIMS_A_SWEEP = 200
"""How many requests bring a sweep with them, which forgets more than they add."""

NEVER_KEPT = (Unavailable, ResourceExhausted, DeadlineExceeded, Canceled)
"""Failures of the moment: who tries again under the same key gets another chance."""

_KINDS = {kind.code: kind for kind in KINDS}


class Failed(msgspec.Struct, frozen=True):
    """An error as it is kept."""

    code: str
    kind: str
    detail: str
    fields: msgspec.Raw


_encode = msgspec.json.Encoder().encode
_read_failed = msgspec.json.Decoder(Failed).decode


class StoredOnce:
    """Remembers answers in the host's database.

    The rows a handler writes and its answer are one transaction, which begins with the first
    statement. Where the handler calls others on the way, what it wrote before is committed first,
    because no transaction crosses a call; if it then fails, nobody can tell how far it came, and
    the key says so from then on. So: call first, write last; or use a workflow.
    """

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger
        self._claims = 0

    async def run(
        self,
        call: Call,
        arguments: msgspec.Struct,
        handle: Callable[..., Awaitable[Any]],
        fail: Callable[[Call, BaseException], HanseError],
    ) -> Any:
        """See `Once.run`.

        Raises:
            HanseError: What the handler raised, now or before.
            KeyReused, KeyInFlight, KeyInterrupted: The key cannot be used, now or ever again.
        """
        body = call.method.write_arguments(_without_ids(arguments))
        claim, found = await self._claim(call, body)
        self._claims += 1
        if self._claims % CLAIMS_A_SWEEP == 0:
            await self._ledger.sweep()
        if found is None or not found.mine:
            return _given_before(call, found)
        # A caller that leaves may have lost its connection alone, and asks again for the answer.
        begin_writing(call)
        try:
            await reached("idempotency.claimed")
            return await self._work(call, claim, arguments, handle, fail)
        finally:
            end_writing(call)

    async def _claim(self, call: Call, body: bytes) -> tuple[Claim, Found | None]:
        """Takes the key, or tells who has it; a form waits for the answer to itself.

        Who clicks twice sees the second answer alone, and it is not that somebody clicked twice.
        """
        backoff = Backoff(most=1.0)
        while True:
            claim, found = await self._ledger.claim(call, body, _seconds_of(call))
            assert call.keyed is not None
            if not (call.keyed.of_form and _is_under_way(found)):
                return claim, found
            await wait_set(asyncio.Event(), backoff.next())

    async def _work(
        self,
        call: Call,
        claim: Claim,
        arguments: msgspec.Struct,
        handle: Callable[..., Awaitable[Any]],
        fail: Callable[[Call, BaseException], HanseError],
    ) -> Any:
        unit = self._database.unit(
            lambda owner, access: Unit(call, owner, access, lambda: self._keep_worked(claim))
        )
        try:
            async with unit:
                answer = await handle(*astuple(arguments))
                await reached("idempotency.worked")
                await self._keep(claim, call.method.checked_answer(answer), failed=False)
                await reached("idempotency.answer_kept")
        except BaseException as error:
            failure = fail(call, error)
            await self._remember(claim, failure, error)
            raise failure from error
        return answer

    async def _keep(self, claim: Claim, answer: bytes, *, failed: bool) -> None:
        if not await self._ledger.answer(claim, answer, failed=failed):
            raise Aborted("The request took longer than its key was held; try it again.")

    async def _keep_worked(self, claim: Claim) -> None:
        if not await self._ledger.worked(claim):
            raise Aborted("The request took longer than its key was held; try it again.")

    async def _remember(self, claim: Claim, failure: HanseError, cause: BaseException) -> None:
        """Keeps an error in a transaction of its own, as the handler's was undone."""
        if isinstance(failure, NEVER_KEPT) or isinstance(cause, SerializationConflict):
            await self._ledger.release(claim)
        # What was aborted may go well the next time; it is an answer only if a part of it is done.
        elif not (isinstance(failure, Aborted) and await self._ledger.release(claim)):
            await self._ledger.answer(claim, _written(failure), failed=True)


def once_in(database: Database | None) -> StoredOnce | None:
    """What a host remembers answers with; None where it has nothing to keep them in."""
    if database is None:
        return None
    database.prepare(partial(prepare_persons, database))
    database.prepare(lambda: make_tables(database))
    return StoredOnce(database, Ledger(database, database.clock))


def _is_under_way(found: Found | None) -> bool:
    if found is None:
        return True
    return not found.mine and found.same and found.failed is None and not found.over


@cache
def _file_names(kind: type[msgspec.Struct]) -> tuple[str, ...]:
    return tuple(file_fields(kind))


def _without_ids(arguments: msgspec.Struct) -> msgspec.Struct:
    """Arguments by which a repeat is known: a file that is sent again is the same, as another."""
    files = {
        name: replace(file, id="")
        for name in _file_names(type(arguments))
        if isinstance(file := getattr(arguments, name), File)
    }
    return replace(arguments, **files) if files else arguments


def _seconds_of(call: Call) -> float:
    return max(0.0, (call.deadline_ns - monotonic_ns()) / 1e9) + MARGIN_SECONDS


def _given_before(call: Call, found: Found | None) -> Any:
    """What a request gets whose key came before."""
    if found is None:
        raise KeyInFlight("A request with this Idempotency-Key has just begun.", retry_after=1)
    if not found.same:
        raise KeyReused(
            "This Idempotency-Key came before with other arguments: a key is of one request; "
            "take a new one."
        )
    if found.failed is None:
        raise _unanswered(found)
    assert found.answer is not None
    assert call.keyed is not None
    call.keyed.replayed = True
    if found.failed:
        raise _read(found.answer, call.method)
    return call.method.read_answer(found.answer)


def _unanswered(found: Found) -> Aborted:
    if found.worked and found.over:
        return KeyInterrupted(
            "The first request with this Idempotency-Key was interrupted after it had done a part "
            "of its work; see what there is before you ask again with a new key."
        )
    return KeyInFlight(
        "A request with this Idempotency-Key is still running; its answer comes to who asks again.",
        retry_after=1,
    )


def _written(failure: HanseError) -> bytes:
    kind = next((kind for kind in KINDS if isinstance(failure, kind)), Internal)
    fields = msgspec.Raw(_encode(failure.fields()))
    return _encode(Failed(failure.code, kind.code, failure.detail, fields))


def _read(answer: bytes, method: Method) -> HanseError:
    failed = _read_failed(answer)
    kind = method.error_of(failed.code) or _KINDS.get(failed.kind, Internal)
    return rebuilt(kind, failed.detail, bytes(failed.fields))
