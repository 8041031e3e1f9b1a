"""Which of a few values there are."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule
from hanse.runtime.contract.description import Choice

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.catalog.compatibility.rules.flow import Flow
    from hanse.runtime.contract.description import Shape

ENUM_NARROWED = Rule(
    "enum_narrowed", "A value was taken, and is not any more.",
    "Go on reading it until nothing holds it and nobody sends it any more.",
)  # fmt: skip
ENUM_WIDENED = Rule(
    "enum_widened", "A value comes that who reads it does not know.",
    "Widening takes two releases: first one that reads it everywhere and writes it nowhere, then "
    "one that writes it. Have who calls or takes it released with the wider type first; of what a "
    "service stores itself, write into compatibility.toml that nothing writes it yet.",
)  # fmt: skip
RULES = (ENUM_NARROWED, ENUM_WIDENED)


def enum_hits(flow: Flow, place: str, written: Shape, read: Choice) -> Iterator[Hit]:
    """Told where a value may be written that is none of those that are read."""
    if isinstance(written, Choice):
        unread = [value for value in written.values if value not in read.values]
        shown = ", ".join(map(repr, unread))
    else:
        unread, shown = [""], f"anything but {', '.join(map(repr, read.values))}"
    if not unread:
        return
    if flow.old_writes:
        yield Hit(ENUM_NARROWED, place, f"may be {shown} from {flow.writer}, and is refused.")
    else:
        yield Hit(ENUM_WIDENED, place, f"may be {shown} now, which {flow.reader} cannot read.")
