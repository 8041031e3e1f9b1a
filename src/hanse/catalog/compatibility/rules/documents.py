"""What is stored, and read and rewritten by two releases at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule
from hanse.catalog.compatibility.rules.flow import Flow, by_name
from hanse.catalog.compatibility.rules.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hanse.runtime.description.service_description import (
        DocumentDescription,
        IndexDescription,
        MarkDescription,
    )

DOCUMENT_MOVED = Rule(
    "document_moved", "Entities are looked for in another table, and lie in the old one.",
    "Keep the table: @entity(…) names it, whatever the class is called.",
)  # fmt: skip
PREFIX_CHANGED = Rule(
    "prefix_changed", "Ids begin otherwise, and those that were given out are none any more.",
    "Keep it: @entity(…, prefix=…).",
)  # fmt: skip
UPCASTER_DROPPED = Rule(
    "upcaster_dropped", "Documents are of a shape that is newer than this release.",
    "Keep every @upcast: documents of old shapes may lie anywhere, in backups as well.",
)  # fmt: skip
DELETION_CHANGED = Rule(
    "deletion_changed", "What is deleted is hidden by one release and shown by the other.",
    'Keep deletes="soft" or "hard" as it is; what was deleted would come back.',
)  # fmt: skip
SEAL_CHANGED = Rule(
    "document_seal_changed", "A field is sealed otherwise than it is stored.",
    "Give what is to be sealed another field, which an upcaster fills; empty the old one later.",
)  # fmt: skip
UNIQUE_ADDED = Rule(
    "unique_added", "Rows that are there, and those the older release writes, may share a value.",
    "Make sure first that none do, by a release that checks it in code; then declare it, with the "
    "reason in compatibility.toml.",
)  # fmt: skip
INDEX_REMOVED = Rule(
    "index_removed", "Queries are refused that an index has served.",
    "Keep the index until nobody asks so: the older release runs beside this one.",
)  # fmt: skip
IMMUTABLE_ADDED = Rule(
    "immutable_added", "Changes are refused that were taken.",
    "Refuse them by an error of your own first, for those who call.",
)  # fmt: skip
RULES = (
    DOCUMENT_MOVED, PREFIX_CHANGED, UPCASTER_DROPPED, DELETION_CHANGED, SEAL_CHANGED, UNIQUE_ADDED,
    INDEX_REMOVED, IMMUTABLE_ADDED,
)  # fmt: skip


def document_hits(before: DocumentDescription, after: DocumentDescription) -> Iterator[Hit]:
    """What breaks one of two releases that read and rewrite each other's documents."""
    for rule in _OF_BOTH:
        yield from rule(before, after)
    types = [by_name(one.types) for one in (before, after)]
    place = f"{before.table} "
    if after.shape == before.shape:  # else upcasters lift what was written
        flow = Flow("document", types[0], types[1], old_writes=True, sparse=True)
        yield from Walk(flow).fields(place, before.fields, after.fields)
    flow = Flow("document", types[1], types[0], old_writes=False)
    yield from Walk(flow).fields(place, after.fields, before.fields)


def moved_hits(before: DocumentDescription, after: DocumentDescription) -> Iterator[Hit]:
    """Told of a kind of entity that lies in another table now."""
    says = f"{before.name} is looked for in {after.table} now, and what there is lies here."
    yield Hit(DOCUMENT_MOVED, before.table, says)


def prefix_hits(before: DocumentDescription, after: DocumentDescription) -> Iterator[Hit]:
    """Told where ids begin otherwise."""
    if before.prefix != after.prefix:
        says = f"ids began with {before.prefix}_, and begin with {after.prefix}_."
        yield Hit(PREFIX_CHANGED, before.table, says)


def upcaster_hits(before: DocumentDescription, after: DocumentDescription) -> Iterator[Hit]:
    """Told where there were shapes that are not known any more."""
    if after.shape < before.shape:
        says = f"documents are of shape {before.shape}, and this release knows {after.shape}."
        yield Hit(UPCASTER_DROPPED, before.table, says)


def deletion_hits(before: DocumentDescription, after: DocumentDescription) -> Iterator[Hit]:
    """Told where only one release hides what is deleted."""
    if before.soft != after.soft:
        hides = "the newer release" if after.soft else "the older release"
        says = f"only {hides} hides what is deleted."
        yield Hit(DELETION_CHANGED, before.table, says)


def seal_hits(before: DocumentDescription, after: DocumentDescription) -> Iterator[Hit]:
    """Told where a field that both have is sealed otherwise."""
    names = {field.name for field in before.fields} & {field.name for field in after.fields}
    was, now = ({mark.path: mark for mark in one.marks} for one in (before, after))
    for path in sorted(was.keys() | now.keys()):
        seals = [_seal(marks.get(path)) for marks in (was, now)]
        if path.partition(".")[0] in names and seals[0] != seals[1]:
            says = f"{_sealed(was.get(path))}, and {_sealed(now.get(path))} now."
            yield Hit(SEAL_CHANGED, f"{before.table} {path}", says)


def unique_hits(before: DocumentDescription, after: DocumentDescription) -> Iterator[Hit]:
    """Told of values that have to be unique and had not."""
    had = {_names(one) for one in before.indexes if one.unique}
    for index in after.indexes:
        if index.unique and _names(index) not in had:
            names = ", ".join(index.fields)
            says = f"{names} has to be unique now, and rows are there that had not to be."
            yield Hit(UNIQUE_ADDED, f"{before.table} {names}", says)


def index_hits(before: DocumentDescription, after: DocumentDescription) -> Iterator[Hit]:
    """Told of indexes that nothing does the work of any more."""
    for index in before.indexes:
        size = len(index.fields)
        if not any(one.fields[:size] == index.fields for one in after.indexes):
            names = ", ".join(index.fields)
            says = f"no index begins with {names} any more: queries by it are refused."
            yield Hit(INDEX_REMOVED, f"{before.table} {names}", says)


def immutable_hits(before: DocumentDescription, after: DocumentDescription) -> Iterator[Hit]:
    """Told of fields that could be changed."""
    names = {field.name for field in before.fields}
    for path in after.immutable:
        if path not in before.immutable and path.partition(".")[0] in names:
            yield Hit(
                IMMUTABLE_ADDED, f"{before.table} {path}", "could be changed, and cannot now."
            )


_OF_BOTH: tuple[Callable[[DocumentDescription, DocumentDescription], Iterator[Hit]], ...] = (
    prefix_hits, upcaster_hits, deletion_hits, seal_hits, unique_hits, index_hits, immutable_hits,
)  # fmt: skip


def _names(index: IndexDescription) -> frozenset[str]:
    return frozenset(name.removeprefix("-") for name in index.fields)


def _seal(mark: MarkDescription | None) -> tuple[object, ...]:
    """What the form of a value in its document depends on."""
    if mark is None or not mark.sealed:
        return ()
    return mark.person, mark.searchable, mark.kept


def _sealed(mark: MarkDescription | None) -> str:
    if mark is None or not mark.sealed:
        return "lies in clear"
    of = f" for {mark.person}" if mark.person else ""
    how = " to be searched" if mark.searchable else ""
    return f"is sealed{of}{how}{' to be kept' if mark.kept else ''}"
