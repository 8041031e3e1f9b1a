"""What kind of value it is: number or text, null or not, which of several structs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule
from hanse.runtime.contract.description import (
    AnyOf,
    Choice,
    Many,
    Ref,
    Row,
    Scalar,
    Shape,
    Table,
    TypeDescription,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.catalog.compatibility.rules.flow import Flow

_BESIDE = (
    "Leave it, and give what is new a field, a method or an event beside it; take the old one away "
    "when nobody uses it any more."
)
TYPE_CHANGED = Rule(
    "type_changed", "A value is of a type that its reader does not take for it.", _BESIDE
)
NULL_REFUSED = Rule(
    "null_refused", "Null was taken, and is not any more.", "Go on taking null, as what it meant."
)
NULL_NEW = Rule(
    "null_new", "Null comes where it never came.",
    "Release first, to all that read it, a type that takes null; write null one release later.",
)  # fmt: skip
OPTION_REFUSED = Rule(
    "option_refused", "One of several kinds of value was taken, and is not any more.",
    "Go on taking it until nobody sends it.",
)  # fmt: skip
OPTION_NEW = Rule(
    "option_new", "A kind of value comes that never came.",
    "Release first, to all that read it, a type with the new kind; write it one release later.",
)  # fmt: skip
TAG_CHANGED = Rule(
    "tag_changed", "A struct is told from others by another tag.", "Leave tag and tag_field."
)
ORDER_LOST = Rule(
    "order_lost", "A list is read as a set: its order and what comes twice are lost.", _BESIDE
)
RULES = (
    TYPE_CHANGED, NULL_REFUSED, NULL_NEW, OPTION_REFUSED, OPTION_NEW, TAG_CHANGED, ORDER_LOST,
)  # fmt: skip

TEXTS = frozenset({"string", "bytes", "datetime", "date", "time", "duration", "uuid", "decimal"})
_READS = {"number": {"integer"}, "decimal": {"integer", "number"}, "string": TEXTS}
"""What a scalar reads as well that is written as another; see the test that tries all pairs."""


def reads(reader: Scalar, written: Scalar) -> bool:
    """Whether one scalar can be read as another, bounds aside."""
    return reader.name in ("any", written.name) or written.name in _READS.get(reader.name, ())


def type_hits(flow: Flow, place: str, written: Shape, read: Shape) -> Iterator[Hit]:
    """Told of two shapes that have nothing to do with each other."""
    says = f"{flow.writer} writes {said(written)}, and {flow.reader} reads {said(read)}."
    yield Hit(TYPE_CHANGED, place, says)


def null_hits(flow: Flow, place: str) -> Iterator[Hit]:
    """Told where null is written and not read."""
    if flow.old_writes:
        yield Hit(NULL_REFUSED, place, f"may be null from {flow.writer}, and is refused.")
    else:
        yield Hit(NULL_NEW, place, f"may be null now, which {flow.reader} cannot read.")


def option_hits(flow: Flow, place: str, option: Shape) -> Iterator[Hit]:
    """Told of a kind of value that is written and not read."""
    if flow.old_writes:
        says = f"may be {said(option)} from {flow.writer}, and is refused."
        yield Hit(OPTION_REFUSED, place, says)
    else:
        says = f"may be {said(option)} now, which {flow.reader} cannot read."
        yield Hit(OPTION_NEW, place, says)


def tag_hits(
    flow: Flow, place: str, written: TypeDescription, read: TypeDescription
) -> Iterator[Hit]:
    """Told where the tag is not the one that is read."""
    tags = [(one.tag_field, one.tag) for one in (written, read)]
    if tags[0] != tags[1]:
        shown = [f"{tag!r} in {field!r}" if field else "no tag" for field, tag in tags]
        says = f"{flow.writer} writes {shown[0]}, and {flow.reader} looks for {shown[1]}."
        yield Hit(TAG_CHANGED, place, says)


def order_hits(flow: Flow, place: str, written: Many, read: Many) -> Iterator[Hit]:
    """Told where a list is read as a set."""
    if read.unique and not written.unique:
        yield Hit(ORDER_LOST, place, f"{flow.writer} writes a list, and {flow.reader} reads a set.")


def said(shape: Shape) -> str:
    """A shape in words."""
    match shape:
        case Scalar(name=name) | Ref(name=name):
            return name
        case Choice(values=values):
            return "one of " + ", ".join(map(repr, values))
        case Many(item=item, unique=unique):
            return f"a {'set' if unique else 'list'} of {said(item)}"
        case Row(items=items):
            return f"a row of {', '.join(map(said, items))}"
        case Table(value=value):
            return f"a map of {said(value)}"
        case AnyOf(options=options):
            return " or ".join(map(said, options))
