"""What one instance in memory has of keys: it seals what it writes, and opens what it reads."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hanse.runtime.workflows.engine.patience import patiently
from hanse.runtime.workflows.personal.values import (
    Spot,
    marks_in,
    note_opened,
    opened,
    subject_kept,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from hanse.runtime.data.personal.subject_key import SubjectKey
    from hanse.runtime.workflows.model import WorkflowModel
    from hanse.runtime.workflows.personal.declared import Sealed
    from hanse.runtime.workflows.personal.persons import Persons, Whose


class InstanceSeals:
    """Belongs to one run of one instance, which asks for its keys anew each time.

    Args:
        model: Its workflow.
        row: As it was claimed.
        persons: Of its database; None where a recording is looked at, of which nothing is opened.
    """

    def __init__(self, model: WorkflowModel, row: Any, persons: Persons | None) -> None:
        self._model = model
        self._persons = persons
        self._id: UUID = row["id"]
        self._site: str = row["site_id"]
        self._input: bytes = row["input"]
        self._main = ""
        self._ends: dict[str, bool] = {}
        self._keys: dict[str, SubjectKey] = {}
        self._gone = set[bytes]()

    async def opened(self, kind: Sealed, body: bytes, slot: str) -> bytes:
        """A value in clear; of who was erased it is at its default.

        Args:
            kind: What of it is sealed.
            body: As it is kept.
            slot: Which of its values.

        Raises:
            Gone: Its person was erased, and all of the instance with them.
            HanseError: As `opened` of values.
        """
        marks = marks_in(kind, body)
        unknown = marks - {key.mark for key in self._keys.values()} - self._gone
        if unknown and self._persons is not None:
            await patiently(partial(self._load, self._persons))
            self._gone |= unknown - {key.mark for key in self._keys.values()}
        note_opened(self._site, self._keys, marks)
        keys = {key.mark: key for key in self._keys.values()}
        return opened(kind, body, Spot(self._site, self._id, slot), keys)

    async def sealed(self, kind: Sealed, body: bytes, id: UUID, slot: str) -> bytes:
        """A value as it is kept; what is new of its persons is noted first.

        Args:
            kind: What of it is sealed.
            body: In clear.
            id: Of the instance that is to have it: this one, or its parent.
            slot: Which of its values.

        Raises:
            HanseError: As `Persons.hold`.
        """
        assert self._persons is not None, "of a recording nothing is done"
        if not self._main:  # keys are not looked for: an open transaction sees some that may go
            self._know(await self._persons.whose(self._id))
        named = self._persons.named(self._site, kind, body, self._main)
        ends = named.ends
        keys: Mapping[str, SubjectKey] = self._keys
        if id != self._id or any(
            one not in keys or self._ends.get(one, False) < all_of_it
            for one, all_of_it in ends.items()
        ):
            main = self._main if id == self._id else ""
            keys = await self._persons.hold(id, self._site, ends, main)
            if id == self._id:
                self._persons.once_kept(partial(self._learn, keys, ends))
        return named.sealed(keys, Spot(self._site, id, slot))

    def _learn(self, keys: Mapping[str, SubjectKey], ends: Mapping[str, bool]) -> None:
        self._keys |= keys
        self._ends |= {one: self._ends.get(one, False) or each for one, each in ends.items()}

    async def _load(self, persons: Persons) -> None:
        whose = await persons.whose(self._id)
        self._know(whose)
        self._ends |= whose.ends
        self._keys = await persons.keys(self._site, whose.ends)

    def _know(self, whose: Whose) -> None:
        self._main = whose.main or subject_kept(self._input, self._model.person)
