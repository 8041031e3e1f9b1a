"""Which fields there are, which have to be given, and what those are that are not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.catalog.compatibility.rules.flow import Flow
    from hanse.runtime.contract.description import FieldDescription

FIELD_REQUIRED = Rule(
    "field_required", "A field has to be there that was not always given.",
    "Give it a default that means what it meant to leave it out; ask for it in a method of "
    "another name.",
)  # fmt: skip
FIELD_UNTAKEN = Rule(
    "field_untaken", "What callers send is refused outside, and passed over between services.",
    "Go on taking it, and ignore it, until nobody sends it. Who renames a field takes one away.",
)  # fmt: skip
FIELD_REMOVED = Rule(
    "field_removed", "A field is gone that is read.",
    "Go on writing it until nobody reads it: of what a service stores, one release longer than it "
    "is read. Who renames a field takes one away.",
)  # fmt: skip
FIELD_LEFT_OUT = Rule(
    "field_left_out", "A field that was always there is lacking at times.",
    "Write it always: a struct without omit_defaults, a field without UNSET.",
)  # fmt: skip
DEFAULT_CHANGED = Rule(
    "default_changed", "Who leaves a field out means another value than before.",
    "Leave the default, and have who wants the new one say so.",
)  # fmt: skip
RULES = (
    FIELD_REQUIRED, FIELD_UNTAKEN, FIELD_REMOVED, FIELD_LEFT_OUT, DEFAULT_CHANGED,
)  # fmt: skip


def lacking_hits(flow: Flow, place: str, read: FieldDescription) -> Iterator[Hit]:
    """Told of a field that is read, and that nobody writes."""
    if read.required and flow.old_writes:
        says = f"is new and has to be given; {flow.writer} writes none."
        yield Hit(FIELD_REQUIRED, place, says)
    elif not flow.old_writes and (read.required or flow.kind in ("answer", "error", "event")):
        then = "cannot read what lacks it" if read.required else "takes it for its default"
        yield Hit(FIELD_REMOVED, place, f"is gone; {flow.reader} {then}.")


def untaken_hits(flow: Flow, place: str) -> Iterator[Hit]:
    """Told of a field that is written, and that nobody reads."""
    if flow.kind == "request":
        says = "is no longer taken: refused from outside, passed over between services."
        yield Hit(FIELD_UNTAKEN, place, says)


def presence_hits(
    flow: Flow, place: str, written: FieldDescription, read: FieldDescription, *, left_out: bool
) -> Iterator[Hit]:
    """Told of a field that both know, where it may be lacking.

    Args:
        flow: Between whom.
        place: Where.
        written: As who writes it knows it.
        read: As who reads it does.
        left_out: Whether its JSON lacks it where it is at its default.
    """
    if written.required or not (left_out or flow.sparse):
        return
    if read.required and flow.old_writes:
        yield Hit(FIELD_REQUIRED, place, f"has to be given, and {flow.writer} may lack it.")
    elif read.required:
        yield Hit(FIELD_LEFT_OUT, place, f"may be lacking now, and {flow.reader} needs it.")
    elif written.default != read.default and flow.kind != "setting":
        says = f"left out it was {written.default!r}, and is {read.default!r}."
        if not flow.old_writes:
            says = f"left out it is {written.default!r}, and {flow.reader} reads {read.default!r}."
        yield Hit(DEFAULT_CHANGED, place, says)
