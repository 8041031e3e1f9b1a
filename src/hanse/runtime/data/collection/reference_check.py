"""The ids of other entities in one that is written: of the right kind, and there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from hanse.runtime.data.collection.conflict import all_violated
from hanse.runtime.data.entity.references import Referred, model_of, referred
from hanse.runtime.data.entity.stored_file import mark_of
from hanse.runtime.errors import InvalidArgument, Violation

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    import msgspec

    from hanse.runtime.data.entity.model import EntityModel


class Found(NamedTuple):
    """One reference, read."""

    referred: Referred
    model: EntityModel
    uuid: UUID


class ReferenceCheck:
    """What a statement is asked to look for, and what is said of those it did not find.

    Args:
        value: The entity, or a part of it, that is to be written.
        own: What was read of its class.
        checked: Of which entities a statement takes ids, in the order of its arguments.

    Raises:
        InvalidArgument: An id is none, or of something else; all such are named.
    """

    def __init__(
        self, value: msgspec.Struct, own: EntityModel, checked: Sequence[EntityModel]
    ) -> None:
        self._found: list[Found] = []
        violations: list[Violation] = []
        for one in referred(value) if own.referred else ():
            model = model_of(one.target, own)
            if one.file is not None:
                violations += _not_taken(one)
                self._found.append(Found(one, model, mark_of(one.file)))
                continue
            try:
                self._found.append(Found(one, model, model.uuid_of(one.id)))
            except ValueError as error:
                message = f"`{one.path}` is no id of a {model.noun}: {error}."
                violations.append(Violation(one.path, "typeid", message))
        if violations:
            raise all_violated(violations)
        self._checked = checked
        self.arguments = [
            sorted({found.uuid for found in self._found if found.model is model})
            for model in checked
        ]
        """For a statement: the ids of each, none twice."""

    @property
    def wanted(self) -> list[UUID]:
        """All ids that have to be there."""
        return [one for ids in self.arguments for one in ids]

    def missing(self, row: Any) -> InvalidArgument | None:
        """What is said of ids that a statement, by its answer, did not find; None if it has all."""
        there: list[set[UUID]] = [set(row[f"found_{at}"] or ()) for at in range(len(self._checked))]
        violations = [
            Violation(
                found.referred.path,
                "exists",
                f"`{found.referred.path}`: there is no {found.model.noun} {found.referred.id}.",
            )
            for found in self._found
            if found.model in self._checked
            and found.uuid not in there[self._checked.index(found.model)]
        ]
        return all_violated(violations) if violations else None


def pairs_of(checks: Sequence[ReferenceCheck], checked: Sequence[EntityModel]) -> list[Any]:
    """What many refer to: pairs of their number, from 1, and an id; and the ids of each table."""
    if not checked:
        return []
    pairs = [(at, uuid) for at, one in enumerate(checks, 1) for uuid in one.wanted]
    wanted = [
        sorted({uuid for one in checks for uuid in one.arguments[place]})
        for place in range(len(checked))
    ]
    return [[at for at, _ in pairs], [uuid for _, uuid in pairs], *wanted]


def _not_taken(one: Referred) -> list[Violation]:
    """What keeps a file, if it is as it says, from standing in its place."""
    file, accepts = one.file, one.accepts
    assert file is not None
    assert accepts is not None
    wrong: list[Violation] = []
    if not accepts.takes(file.media_type):
        said = f"`{one.path}` is {file.media_type}; what is taken is {accepts.told()}."
        wrong.append(Violation(one.path, "kind", said))
    if file.size > accepts.max_bytes:
        said = f"`{one.path}` has {file.size} bytes; {accepts.max_bytes} at most."
        wrong.append(Violation(one.path, f"size <= {accepts.max_bytes}", said))
    return wrong
