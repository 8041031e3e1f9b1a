"""Errors of workflows, and how the error of a step is written down and raised again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.errors import KINDS, Canceled, HanseError, Internal, NotFound, rebuilt

if TYPE_CHECKING:
    from collections.abc import Iterator

BRANCHES = (
    "What runs side by side in it has several steps, and nobody could tell their order. Side by "
    "side go single steps, signals and children: make a child of what has more."
)

UNWRITABLE = "What this error says cannot be written down as JSON; the log of its host may have it."

_KINDS = {kind.code: kind for kind in KINDS}


class StepFailed(Internal):
    """A step ended with a fault of its service: what it raised is no error of a call."""

    code = "step_failed"
    title = "A step failed"


class WorkflowCanceled(Canceled):
    """Somebody asked for this workflow to end; what it did is undone."""

    code = "workflow_canceled"
    title = "Workflow canceled"


class WorkflowErased(NotFound):
    """Its person was erased, and it went with them: it ended where it stood, nothing undone."""

    code = "workflow_erased"
    title = "Workflow erased"


class NonDeterminism(Internal):
    """A workflow does not do again what its journal says it did: it is held until that is mended.

    Attributes:
        place: The number of the entry, from 0.
        expected: Kind and name in the journal.
        found: What the code asks for there.
    """

    code = "non_determinism"
    title = "Another sequence of steps"
    place: int
    expected: str
    found: str


class UnservedVersion(Internal):
    """No host has the code that this workflow began with: it is held until one does.

    Attributes:
        version: The one it began with.
    """

    code = "unserved_version"
    title = "A version nobody serves"
    version: int


def difference(place: int, expected: str, found: str) -> NonDeterminism:
    """Why an instance is held whose code does not do again what it did."""
    text = (
        f"Entry {place} of its journal is {expected}, and the code asks for {found}. Put the "
        "sequence of steps back, or write the new one as another version."
    )
    return NonDeterminism(text, place=place, expected=expected, found=found)


class Halted(BaseException):
    """Ends the code of an instance that may not go on here; no code of a service catches it."""


class Failure(msgspec.Struct, frozen=True):
    """An error as a journal has it.

    Attributes:
        name: Of its class, with the module: two services of a host may use one code. Empty in
            what was written before it was kept.
    """

    code: str
    kind: str
    detail: str
    fields: msgspec.Raw
    name: str = ""


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Failure).decode


def known(error: Exception) -> HanseError:
    """The error as it can be raised again: any that is none of calls becomes `StepFailed`."""
    if isinstance(error, HanseError):
        return error
    return StepFailed(f"{type(error).__name__} in a step; its log has more.").because(error)


def written(error: HanseError) -> bytes:
    """An error as JSON; its kind alone, where what it says has no such form."""
    kind = next((kind for kind in KINDS if isinstance(error, kind)), Internal)
    try:
        fields = msgspec.Raw(_encode(error.fields()))
        return _encode(Failure(error.code, kind.code, error.detail, fields, _name_of(type(error))))
    except Exception:  # noqa: BLE001  an error is written down, whatever is wrong with it
        return _encode(Failure(kind.code, kind.code, UNWRITABLE, msgspec.Raw(b"{}")))


def read_failure(value: bytes) -> HanseError:
    """The error that was written down; its kind, where its own class is not there any more."""
    failure = _decode(value)
    return rebuilt(_class_of(failure), failure.detail, bytes(failure.fields))


def _name_of(error: type[HanseError]) -> str:
    return f"{error.__module__}:{error.__qualname__}"


def _class_of(failure: Failure) -> type[HanseError]:
    """That of its name; one of its code, where the class was moved or called otherwise since."""
    kind = _KINDS.get(failure.kind, Internal)
    alike = [one for one in _below(kind) if one.code == failure.code]
    named = [one for one in alike if _name_of(one) == failure.name]
    return (named or alike or [kind])[0]


def _below(kind: type[HanseError]) -> Iterator[type[HanseError]]:
    yield kind
    for one in kind.__subclasses__():
        yield from _below(one)


UNSERVED = b'{"code":"unserved_version",'
"""How an instance is written down that is held because nobody serves its version."""

CANCELED_BECAUSE = "It was canceled."
CANCELED = written(WorkflowCanceled(CANCELED_BECAUSE))
"""How a journal has what was not done because its workflow was canceled."""

ERASED_BECAUSE = "Its person was erased, and all of it with them."
ERASED = written(WorkflowErased(ERASED_BECAUSE))
"""How an instance is written down that went with its person."""

BROKE_OFF = written(
    Internal(
        "It broke off outside of its code; the log of its host says why. Mend that, resume it."
    )
)
"""How an instance is held that would break off again and again."""
