"""Writes many entities in one statement; what is wrong with one leaves the others alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from hanse.runtime.data.collection.conflict import violated
from hanse.runtime.data.collection.outcome import Outcome, failure_of
from hanse.runtime.data.collection.reference_check import ReferenceCheck, pairs_of
from hanse.runtime.data.collection.stored import check_number, site
from hanse.runtime.data.collection.writing import TRIES, Target
from hanse.runtime.data.entity.entity import Entity
from hanse.runtime.data.failures import UniqueViolation
from hanse.runtime.data.outbox.telling_many import TellingMany, Told
from hanse.runtime.data.personal.keys_used import KeyProof, forget_doubted, remember_new
from hanse.runtime.errors import HanseError, Internal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime
    from uuid import UUID

    from hanse.runtime.data.collection.statements import Statements
    from hanse.runtime.data.collection.stored import Stored
    from hanse.runtime.data.outbox.event import Event

E = TypeVar("E", bound=Entity)


class Written(msgspec.Struct, frozen=True):
    """One of many, ready to be written.

    Attributes:
        at: Its number among those given.
        uuid: Which it is.
        body: Its document, or what changes of it.
        check: What it refers to.
        value: As it was given, or as a new one is stored.
        revision: The one it has to be at, or 0.
    """

    at: int
    uuid: UUID
    body: bytes
    check: ReferenceCheck
    value: Any
    revision: int = 0


class Bulk(Generic[E]):
    """Each item is by itself: it is written, or its outcome says why not.

    All are one statement, so that they are seen together. Where a transaction is open they are a
    part of it, and lost with it.
    """

    def __init__(self, stored: Stored[E]) -> None:
        self._stored = stored
        self._statements = stored.statements

    async def create(
        self, items: Sequence[E], event: Callable[[E], Event] | None = None
    ) -> tuple[Outcome[E], ...]:
        """Stores new ones.

        Args:
            items: Without ids.
            event: Makes what one tells of.

        Raises:
            InvalidArgument: There are too many.
            HanseError: None can be told now.
        """
        check_number(len(items), "items")
        now = self._stored.now()
        outcomes: dict[int, Outcome[E]] = {}
        ready: list[Written] = []
        for at, item in enumerate(items):
            try:
                ready.append(self._new(at, item, now))
            except HanseError as error:
                outcomes[at] = Outcome(error=failure_of(error))
        if ready:
            facts = {one.uuid: event(one.value) for one in ready} if event else {}
            outcomes |= await self._created(ready, now, facts)
        return tuple(outcomes[at] for at in range(len(items)))

    async def update(
        self, changes: Sequence[Mapping[str, Any] | msgspec.Struct]
    ) -> tuple[Outcome[E], ...]:
        """Changes some fields of each; what nobody names stays as it is.

        Args:
            changes: Each with the `id` of the one it is for, and its `revision` if it matters.

        Raises:
            InvalidArgument: There are too many.
        """
        check_number(len(changes), "items")
        outcomes: dict[int, Outcome[E]] = {}
        ready: list[Written] = []
        seen: set[UUID] = set()
        for at, given in enumerate(changes):
            try:
                one = self._change(at, given)
                if one.uuid in seen:
                    raise violated("id", "unique", "`id` came before in this list; take it out.")
            except HanseError as error:
                outcomes[at] = Outcome(error=failure_of(error))
            else:
                seen.add(one.uuid)
                ready.append(one)
        at_once = [one for one in ready if not self._is_alone(one)]
        done = await self._update_at_once(at_once) if at_once else {}
        for one in ready:
            outcomes[one.at] = done.get(one.at) or await self._update_alone(one)
        return tuple(outcomes[at] for at in range(len(changes)))

    async def delete(self, ids: Sequence[str]) -> tuple[Outcome[E], ...]:
        """Deletes some, or hides them where deleting is soft; an outcome without error is done.

        Raises:
            InvalidArgument: There are too many.
        """
        check_number(len(ids), "ids")
        outcomes: dict[int, Outcome[E]] = {}
        ready: dict[int, UUID] = {}
        for at, name in enumerate(ids):
            try:
                ready[at] = self._stored.uuid_of(name)
            except HanseError as error:
                outcomes[at] = Outcome(error=failure_of(error))
        now = [self._stored.now()] if self._stored.model.soft else []
        rows = await self._stored.database.fetch(
            self._statements.delete_many, site(), list(ready.values()), *now
        )
        gone = {row["id"] for row in rows}
        for at, uuid in ready.items():
            missing = self._stored.writer.not_found(uuid)
            outcomes[at] = Outcome() if uuid in gone else Outcome(error=failure_of(missing))
        return tuple(outcomes[at] for at in range(len(ids)))

    # Inside.

    def _new(self, at: int, item: E, now: datetime) -> Written:
        body, read, check = self._stored.new(item)
        uuid = self._stored.draw(now)
        return Written(at, uuid, body, check, self._stored.created(read, uuid, now))

    async def _created(
        self, given: Sequence[Written], now: datetime, facts: Mapping[UUID, Event]
    ) -> dict[int, Outcome[E]]:
        """Outcomes of those that can be written, and of those whose event cannot be told."""
        telling = TellingMany(self._stored.outbox, facts) if facts else None
        ready, told, row = await self._insert(given, now, telling)
        made: set[UUID] = set(row["made"] or ()) if row is not None else set()
        left = [one for one in ready if one.uuid not in made]
        errors = {one.at: told[one.uuid] for one in given if one.uuid in told}
        errors |= await self._why_not(left, row) if left else {}
        if facts and made:
            self._stored.outbox.kept(*(fact for uuid, fact in facts.items() if uuid in made))
        return {
            one.at: Outcome(item=one.value)
            if one.uuid in made
            else Outcome(error=failure_of(errors[one.at]))
            for one in given
        }

    async def _insert(
        self, given: Sequence[Written], now: datetime, telling: TellingMany | None
    ) -> tuple[Sequence[Written], Mapping[UUID, HanseError], Any]:
        """Inserts those that can be.

        Returns:
            What was sent, why the others were not, and the answer; None if nothing was sent.
        """
        stored = self._stored
        statements, keyed = self._statements, stored.sealing is not None
        if telling is not None:
            statements = stored.telling_statements(keyed=telling.keyed)
            keyed = keyed or telling.keyed
        for _ in range(TRIES):
            ready, proof = await self._sealed(given)
            told = Told([], {}, proof.keys)
            if telling is not None:
                told = await telling.sent(proof.keys)
                proof = KeyProof(told.keys)
                ready = [one for one in ready if one.uuid not in told.refused]
            if not ready:
                return ready, told.refused, None
            last = (*(proof.arguments if keyed else ()), *told.columns)
            row = await self._sent(ready, now, statements, last)
            if not keyed or row["sealed"]:
                remember_new(stored.database.keys, site(), proof)
                return ready, told.refused, row
            await self._doubted(given, proof)
        raise stored.writer.slower()

    async def _sealed(self, given: Sequence[Written]) -> tuple[Sequence[Written], KeyProof]:
        """Documents with what is personal sealed, where something is."""
        sealing = self._stored.sealing
        if sealing is None:
            return given, KeyProof({})
        places = {sealing.place(site(), one.uuid): one.body for one in given}
        bodies, proof = await sealing.whole(site(), places, new=True)
        sealed = zip(given, bodies, strict=True)
        return [msgspec.structs.replace(one, body=body) for one, body in sealed], proof

    async def _doubted(self, given: Sequence[Written], proof: KeyProof) -> None:
        sealing = self._stored.sealing
        if sealing is None:
            await forget_doubted(self._stored.database.keys, site(), proof)
        else:
            await sealing.doubted([sealing.place(site(), one.uuid) for one in given], proof)

    async def _sent(
        self, ready: Sequence[Written], now: datetime, statements: Statements, last: Sequence[Any]
    ) -> Any:
        return await self._stored.database.fetch_row(
            statements.create_many,
            *(site(), [one.uuid for one in ready], now, [one.body for one in ready]),
            *(*pairs_of([one.check for one in ready], self._statements.checked), *last),
        )

    async def _why_not(self, left: Sequence[Written], row: Any) -> dict[int, HanseError]:
        """What those that were not created refer to and is missing, or have that another has."""
        bodies = [one.body for one in left]
        rows = await self._stored.database.fetch(self._statements.taken, site(), bodies)
        taken = {left[int(found["n"]) - 1].at: str(found["name"]) for found in rows}
        errors: dict[int, HanseError] = {}
        for one in left:
            missing = one.check.missing(row) if self._statements.checked else None
            errors[one.at] = missing or (
                self._stored.taken(taken[one.at])
                if one.at in taken
                else Internal("It was not created.")
            )
        return errors

    def _change(self, at: int, given: Mapping[str, Any] | msgspec.Struct) -> Written:
        changes: Any = self._stored.documents.changes(given)
        if not changes.id:
            raise violated("id", "required", "`id` is missing; it says which one to change.")
        uuid = self._stored.uuid_of(changes.id)
        body = self._stored.documents.patch(changes)
        check = self._stored.references(changes)
        return Written(at, uuid, body, check, changes, changes.revision or 0)

    async def _update_at_once(self, ready: Sequence[Written]) -> dict[int, Outcome[E]]:
        """Outcomes of those that could be changed so; the others have to be by themselves."""
        stored = self._stored
        arguments = (
            site(),
            [one.uuid for one in ready],
            stored.now(),
            [one.body for one in ready],
            [one.revision for one in ready],
            [",".join(stored.writer.must_be_there(one.body)) for one in ready],
            *pairs_of([one.check for one in ready], self._statements.checked),
        )
        try:
            async with stored.database.transaction(savepoint=True):
                rows = await stored.database.fetch(self._statements.update_many, *arguments)
        except UniqueViolation:
            return {}
        done: Sequence[Any] = [row for row in rows if row["done"]]
        if stored.sealing is not None:
            done = await stored.sealing.opened(site(), done)
        found = {row["id"]: row for row in done}
        return {
            one.at: Outcome(item=stored.documents.stored(found[one.uuid]))
            for one in ready
            if one.uuid in found
        }

    def _is_alone(self, one: Written) -> bool:
        """Whether a change is read and merged here, or has something sealed in it."""
        sealing = self._stored.sealing
        sealed = sealing is not None and sealing.touches(one.body)
        return sealed or self._stored.writer.needs_reading(one.value)

    async def _update_alone(self, one: Written) -> Outcome[E]:
        stored = self._stored
        target = Target(site(), one.uuid, one.revision, stored.now())
        try:
            async with stored.database.transaction(savepoint=True):
                item = await stored.told(stored.writer.write(target, one.value, one.body))
        except HanseError as error:
            if error.log:
                raise
            return Outcome(error=failure_of(error))
        return Outcome(item=item)
