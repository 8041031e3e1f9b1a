"""What is declared of a flag: its type and default, whose it is, and until when."""

from __future__ import annotations

import enum
from datetime import date
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin

import msgspec

from hanse.runtime.contract.mistakes import Mistakes

if TYPE_CHECKING:
    from collections.abc import Iterator

VALUE_BYTES_MAX = 8 * 1024
"""Of one value as JSON."""

_PLAIN = (bool, str, int, float)


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """One flag.

    Attributes:
        name: In full, like `checkout.new_tax`.
        kind: The type of its values.
        default: What holds where nobody ruled otherwise, or nothing could be read.
        owner: Who is asked about it, and told when it is stale.
        until: Its last day; None for one that is to stay, such as a switch for emergencies.
        doc: What it is for.
        sticky: Whether who once drew a value keeps it when shares and rules change.
    """

    name: str
    kind: Any
    default: Any
    owner: str
    until: date | None
    doc: str
    sticky: bool = False

    def read(self, value: object) -> Any:
        """A value as the code has it, of plain data.

        Raises:
            ValueError: It is of another type, or too large.
        """
        if len(msgspec.json.encode(value)) > VALUE_BYTES_MAX:
            raise ValueError(f"a value has {VALUE_BYTES_MAX:,} bytes at most as JSON")
        try:
            return msgspec.convert(value, self.kind, strict=True)
        except msgspec.ValidationError as error:
            raise ValueError(f"{error}; {self.name} takes {self.takes}") from None

    def write(self, value: Any) -> Any:
        """A value as plain data."""
        return msgspec.to_builtins(value)

    @property
    def takes(self) -> str:
        """What its values are, for people."""
        kind = get_args(self.kind)[0] if hasattr(self.kind, "__metadata__") else self.kind
        if kind is bool:
            return "true or false"
        if get_origin(kind) is Literal:
            return " or ".join(msgspec.json.encode(one).decode() for one in get_args(kind))
        if issubclass(kind, enum.Enum):
            return " or ".join(msgspec.json.encode(one.value).decode() for one in kind)
        words = {str: "a text", int: "a whole number", float: "a number"}
        return words.get(kind) or f"an object with {', '.join(kind.__struct_fields__)}"


def check(declared: Declaration, field: str, mistakes: Mistakes) -> None:
    """Adds what is wrong with a declaration."""
    for what, remedy in _wrong(declared):
        mistakes.add(field, what, remedy)


def _wrong(declared: Declaration) -> Iterator[tuple[str, str]]:
    if not declared.owner.strip():
        yield "it has no owner", 'say who is asked about it: owner="payments"'
    if not declared.doc.strip():
        yield "it has no doc", 'say what it is for: doc="Taxes by the new table."'
    if not (declared.until is None or type(declared.until) is date):
        yield "until is no date", "say its last day, date(2027, 3, 1), or None if it is to stay"
    kind = get_args(declared.kind)[0] if hasattr(declared.kind, "__metadata__") else declared.kind
    if not _is_allowed(kind):
        yield (
            f"{getattr(kind, '__name__', kind)} is no type of a flag",
            "have it be bool, str, int, float, an Enum, a Literal or a frozen Struct",
        )
        return
    try:
        if declared.read(declared.write(declared.default)) != declared.default:
            yield "its default does not survive JSON", "use a plainer value"
    except (TypeError, ValueError) as error:
        yield f"its default is wrong ({error})", "have it be of the flag's type"


def _is_allowed(kind: Any) -> bool:
    if get_origin(kind) is Literal:
        return all(type(one) in {str, int} for one in get_args(kind))
    if not isinstance(kind, type):
        return False
    frozen = issubclass(kind, msgspec.Struct) and kind.__struct_config__.frozen
    return kind in _PLAIN or frozen or issubclass(kind, enum.Enum)
