"""What of the value of a signal is personal: who sends it and who waits for it see the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import msgspec

from hanse.runtime.contract.immutable import is_struct, unwrapped
from hanse.runtime.contract.mistakes import DeclarationError
from hanse.runtime.errors import InvalidArgument
from hanse.runtime.workflows.personal.declared import nobodys, sealed_value

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.runtime.workflows.personal.declared import Sealed


def sent_kind(value: object, name: str, *, of_person: bool) -> Sealed | None:
    """What is sealed of a value that is sent with a signal; None if nothing is.

    Args:
        value: It.
        name: Of the signal.
        of_person: Whether the workflow says whose it is.

    Raises:
        InvalidArgument: It is personal, and nobody's, or nobody could tell where.
    """
    if isinstance(value, msgspec.Struct):
        found = signal_kind(type(value), name)
        if found is not None and not of_person:
            raise nobodys(found, f"the signal {name[:200]}")
        return found
    inner: Iterable[object] = ()
    if isinstance(value, dict):
        inner = cast("dict[object, object]", value).values()
    elif isinstance(value, list | tuple | set | frozenset):
        inner = cast("Iterable[object]", value)
    for one in inner:
        if found := sent_kind(one, name, of_person=True):
            raise InvalidArgument(
                f"The signal {name[:200]} carries what is personal ({found.names}) inside of a "
                "list or map: send a Struct that has it as a field, with the mark there."
            )
    return None


def signal_kind(kind: Any, name: str) -> Sealed | None:
    """What is sealed of a signal's value; None if nothing is.

    Raises:
        InvalidArgument: Its type says something of persons that cannot be.
    """
    try:
        found = sealed_value(kind, "what comes with a signal")
    except DeclarationError as error:
        raise InvalidArgument(f"The signal {name[:200]}: {error}") from None
    if found is not None and not is_struct(unwrapped(kind)):
        raise InvalidArgument(
            f"The signal {name[:200]} is personal as a whole, which who sends it cannot know: send "
            "a Struct, with the mark at its field."
        )
    return found
