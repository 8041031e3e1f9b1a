"""Workflows that are under way, begun by either release and gone on with by the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule
from hanse.catalog.compatibility.rules.flow import Flow, by_name
from hanse.catalog.compatibility.rules.walk import Walk

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hanse.runtime.description.service_description import WorkflowDescription

VERSION_DROPPED = Rule(
    "workflow_version_dropped", "Instances are under way of a version that has no code any more.",
    "Keep its method, @workflow(version=…), until hanse workflows versions shows no instance of "
    "it; or cancel those first.",
)  # fmt: skip
WORKFLOW_SEAL_CHANGED = Rule(
    "workflow_seal_changed", "What an instance was given is sealed otherwise than it is kept.",
    "Write a new version with the new marks, and keep the old one as it is.",
)  # fmt: skip
RULES = (VERSION_DROPPED, WORKFLOW_SEAL_CHANGED)


def dropped_hits(
    before: WorkflowDescription, living: Mapping[tuple[str, int], int] | None
) -> Iterator[Hit]:
    """Told of a version that has no code any more, unless it is known that none is under way.

    Args:
        before: The version.
        living: How many instances of which versions are under way; None if nobody knows.
    """
    place = f"{before.name} {before.version}"
    if living is None:
        says = "has no code any more, and nobody knows here whether instances are under way."
        yield Hit(VERSION_DROPPED, place, says)
    elif number := living.get((before.name, before.version)):
        yield Hit(VERSION_DROPPED, place, f"has no code any more; instances under way: {number}.")


def workflow_hits(before: WorkflowDescription, after: WorkflowDescription) -> Iterator[Hit]:
    """What keeps one of two releases from going on with what the other began."""
    place = f"{before.name} {before.version}"
    types = [by_name(one.types) for one in (before, after)]
    pairs = (((before, after), types, True), ((after, before), types[::-1], False))
    for (one, other), (written, read), old_writes in pairs:
        flow = Flow("workflow", written, read, old_writes, sparse=old_writes)
        yield from Walk(flow).fields(f"{place} arguments ", one.arguments, other.arguments)
        yield from Walk(flow).shape(f"{place} result ", one.result, other.result)
    if before.marks != after.marks:
        says = "was given what was sealed otherwise."
        yield Hit(WORKFLOW_SEAL_CHANGED, f"{place} arguments", says)
