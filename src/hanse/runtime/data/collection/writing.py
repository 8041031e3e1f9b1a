"""Writes one entity: in one round trip, or where its document has to be read before, in two."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec

from hanse.runtime.data.collection.conflict import immutable, revision_conflict, unset
from hanse.runtime.data.collection.document import decode_plainly
from hanse.runtime.data.collection.merge import (
    check_merge,
    compared_in_clear,
    incomplete,
    inner_structs,
    loaded_paths,
    merge,
    touches,
)
from hanse.runtime.data.collection.reference_check import ReferenceCheck
from hanse.runtime.data.personal.seals import Seals
from hanse.runtime.errors import Aborted, FailedPrecondition, HanseError, NotFound

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from hanse.runtime.data.collection.document import Documents
    from hanse.runtime.data.collection.statements import Statements
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.entity.entity import Entity
    from hanse.runtime.data.personal.sealing import Sealing

E = TypeVar("E", bound="Entity")

TRIES = 5
"""How often a write begins anew where somebody else was faster and no revision was asked for."""

_encode = msgspec.json.Encoder().encode


class Target(msgspec.Struct, frozen=True):
    """Which entity is written.

    Attributes:
        site: Whose.
        uuid: Which.
        revision: The one it has to have; 0 for any.
        now: When.
    """

    site: str
    uuid: UUID
    revision: int
    now: datetime

    @property
    def row(self) -> tuple[str, UUID]:
        """Its site and its id."""
        return self.site, self.uuid


class Writer(Generic[E]):
    """Stores a document, or lays one, whole or in part, over the one that is stored.

    Where something is sealed, each statement proves that the keys are still there; if they are not,
    it begins anew with others.
    """

    def __init__(
        self,
        documents: Documents[E],
        database: Database,
        statements: Statements,
        sealing: Sealing | None,
    ) -> None:
        self._model = documents.model
        self._database = database
        self._documents = documents
        self._statements = statements
        self._seals = Seals(sealing)
        self._inner = inner_structs(self._model)
        self._loaded = (*loaded_paths(self._model), *compared_in_clear(self._model))

    def telling(self, seals: Seals, statements: Statements) -> Writer[E]:
        """One that writes once, and puts an event beside the row."""
        other = copy(self)
        vars(other).update(_seals=seals, _statements=statements)
        return other

    async def create(self, target: Target, body: bytes, check: ReferenceCheck) -> None:
        """Stores a new one.

        Raises:
            InvalidArgument: It refers to what is not there.
            UniqueViolation: Another one has what no two may share.
            Aborted: Others were faster again and again.
        """
        arguments = (target.site, target.uuid, target.now)
        if not self._seals.needed and not check.wanted:
            text, beside = self._statements.plain_create, self._seals.beside
            await self._database.execute(text, *arguments, body, *beside)
            return
        for _ in range(TRIES):
            sent = await self._seals.whole(target.row, body, new=True)
            answer = await self._database.fetch_row(
                self._statements.create,
                *(*arguments, sent.body, *check.arguments, *sent.arguments),
            )
            if await self._seals.is_done(target.row, answer, sent):
                return
            if missing := check.missing(answer):
                raise missing
        raise self.slower()

    async def write(self, target: Target, value: msgspec.Struct, body: bytes) -> E:
        """The entity as it is then.

        Args:
            target: Which one.
            value: What is written, to find in it what it refers to and what it touches.
            body: The same as a document.

        Raises:
            NotFound: It is not there.
            RevisionConflict: It is at another revision.
            InvalidArgument: A rule is broken.
            Aborted: Others were faster again and again.
        """
        check = ReferenceCheck(value, self._model, self._statements.checked)
        in_two = self.needs_reading(value)
        if not in_two and (done := await self._write_plainly(target, body, check)) is not None:
            return done
        for _ in range(TRIES):
            if in_two:
                done = await self._write_loaded(target, body, check)
            else:
                done = await self._write_at_once(target, body, check)
            if done is not None:
                return done
        raise self.slower()

    async def delete(self, target: Target) -> None:
        """Deletes one, or hides it where deleting is soft.

        Raises:
            NotFound: It is not there.
            RevisionConflict: It is at another revision.
            Aborted: Others were faster again and again.
        """
        now = [target.now] if self._model.soft else []
        row = await self._alone(self._statements.delete, target, *now)
        if not row["done"]:
            raise revision_conflict(target.revision, row["revision"])

    async def restore(self, target: Target) -> E:
        """Brings back one that is hidden; the entity as it is then.

        Raises:
            FailedPrecondition: It is not deleted.
            UniqueViolation: Another one has meanwhile what no two may share.
            HanseError: As `delete`.
        """
        row = await self._alone(self._statements.restore, target, target.now, hidden=True)
        if row["done"]:
            return self._documents.stored(await self.opened(target.site, row))
        if row["delete_time"] is None:
            raise FailedPrecondition(f"This {self._model.noun} is not deleted.")
        raise revision_conflict(target.revision, row["revision"])

    async def _alone(self, text: str, target: Target, *given: Any, hidden: bool = False) -> Any:
        """What a statement that writes no document answers: again while keys alone are lacking."""
        for _ in range(TRIES):
            sent = await self._seals.alone()
            arguments = (*target.row, target.revision, *given, *sent.arguments)
            row = await self._database.fetch_row(text, *arguments)
            if row is None:
                raise self.not_found(target.uuid)
            if await self._seals.is_done(target.row, row, sent) or sent.proof is None:
                return row
            is_other = row["revision"] != (target.revision or row["revision"])
            if is_other or (hidden and row["delete_time"] is None):
                return row
        raise self.slower()

    def needs_reading(self, value: msgspec.Struct) -> bool:
        """Whether a value touches what is merged here and not in the statement."""
        return any(touches(value, path) for path in self._loaded)

    def must_be_there(self, body: bytes) -> list[str]:
        """Paths of the structs of which a document has less than all that is required."""
        if not self._inner:
            return []
        return [".".join(one.path) for one in incomplete(decode_plainly(body), self._inner)]

    async def _write_plainly(self, target: Target, body: bytes, check: ReferenceCheck) -> E | None:
        """Writes at once what needs nothing else to be there; None if that wrote nothing."""
        if self._seals.needed or check.wanted or self.must_be_there(body):
            return None
        given = (target.site, target.uuid, target.now, body, target.revision)
        beside = self._seals.beside
        row = await self._database.fetch_row(self._statements.plain_update, *given, *beside)
        return None if row is None else self._documents.stored(row)

    async def _write_at_once(self, target: Target, body: bytes, check: ReferenceCheck) -> E | None:
        arguments: list[Any] = [target.site, target.uuid, target.now, body, target.revision]
        if self._inner:
            arguments.append(self.must_be_there(body))
        sent = await self._seals.part(target.row, body)
        if sent is None:
            return await self._write_loaded(target, body, check)
        arguments[3] = sent.body
        row = await self._database.fetch_row(
            self._statements.update, *arguments, *check.arguments, *sent.arguments
        )
        if row is not None and await self._seals.is_done(target.row, row, sent):
            return self._documents.stored(await self.opened(target.site, row))
        found = self._present(row, target)
        if found["shape"] < self._model.shape:
            return await self._write_loaded(target, body, check)
        if refusal := self._refusal(found, check):
            raise refusal
        if self._seals.needed and not (found["sealed"] and found["whose"]):
            return None
        if target.revision:  # it changed while the statement ran, so the answer is of before
            raise await self._conflict(target)
        return None

    def _present(self, row: Any, target: Target) -> Any:
        """The row, if it is there and at the revision asked for."""
        if row is None or (self._model.soft and row["delete_time"] is not None):
            raise self.not_found(target.uuid)
        if target.revision and row["revision"] != target.revision:
            raise revision_conflict(target.revision, row["revision"])
        return row

    def _refusal(self, row: Any, check: ReferenceCheck) -> HanseError | None:
        """What a row that was left as it is says of the reason."""
        changed = [
            ".".join(leaf.path)
            for leaf, kept in zip(self._model.immutable, row["kept"], strict=True)
            if kept is False
        ]
        if changed:
            return immutable(changed)
        if self._inner and row["unset"]:
            return unset(row["unset"][0])
        return check.missing(row)

    async def _write_loaded(self, target: Target, body: bytes, check: ReferenceCheck) -> E | None:
        """Reads, merges and writes back; None if somebody else wrote between the two."""
        row = await self._database.fetch_row(self._statements.get, target.site, target.uuid)
        loaded = await self._seals.loaded(target.site, self._present(row, target))
        if loaded is None:
            raise self.not_found(target.uuid)
        row, foreign = loaded
        stored = self._documents.lifted(decode_plainly(row["doc"]), row["shape"])
        given = decode_plainly(body)
        check_merge(stored, given, self._model.immutable, self._inner)
        whole = _encode(merge(stored, given, self._model.cls))
        item = self._documents.whole(whole)
        sent = await self._seals.whole(target.row, whole, foreign=foreign)
        done = await self._database.fetch_row(
            self._statements.store,
            *(target.site, target.uuid, target.now, sent.body, row["revision"]),
            *(*check.arguments, *sent.arguments),
        )
        if done is None:
            raise self.not_found(target.uuid)
        if await self._seals.is_done(target.row, done, sent):
            return self._documents.with_columns(item, done)
        self._present(done, target)
        if missing := check.missing(done):
            raise missing
        return None

    async def opened(self, site: str, row: Any) -> Any:
        """A row with its document in clear.

        Raises:
            NotFound: It is of a person who was erased.
        """
        opened = await self._seals.opened(site, row)
        if opened is None:
            raise self.not_found(row["id"])
        return opened

    def slower(self) -> Aborted:
        """What is said when others were faster each time."""
        return Aborted(f"Others were faster to write this {self._model.noun}, {TRIES} times.")

    async def _conflict(self, target: Target) -> HanseError:
        row = await self._database.fetch_row(self._statements.get, target.site, target.uuid)
        return revision_conflict(target.revision, self._present(row, target)["revision"])

    def not_found(self, uuid: UUID) -> NotFound:
        """What is said where nothing is."""
        return NotFound(f"There is no {self._model.noun} {self._model.text_of(uuid.int)}.")
