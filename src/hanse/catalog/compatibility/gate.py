"""The compatibility gate: what a release breaks for all that runs beside it, and for whom."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.catalog.compatibility.contracts import contract_hits
from hanse.catalog.compatibility.finding import Finding, Hit, gathered
from hanse.catalog.compatibility.rules.documents import document_hits, moved_hits
from hanse.catalog.compatibility.rules.events import (
    event_hits,
    removed_event_hits,
    subscription_hits,
)
from hanse.catalog.compatibility.rules.methods import CONTRACT_REMOVED
from hanse.catalog.compatibility.rules.settings import settings_hits
from hanse.catalog.compatibility.rules.workflows import dropped_hits, workflow_hits

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from hanse.runtime.contract.description import ContractDescription, EventDescription
    from hanse.runtime.description.service_description import (
        DocumentDescription,
        ProjectDescription,
        ServiceDescription,
    )

OUTSIDE = "clients outside"
"""Whoever reaches a route: nobody knows which of them there are, and what they use."""


class Around(NamedTuple):
    """What else is known where a release is to run.

    Attributes:
        beside: Services of other projects that call it or take its events, as they run.
        living: How many instances of which versions of workflows are under way; None if nobody
            knows, and then any may be.
    """

    beside: Sequence[ServiceDescription] = ()
    living: Mapping[tuple[str, int], int] | None = None


def breaking(
    before: ProjectDescription, after: ProjectDescription, around: Around | None = None
) -> tuple[Finding, ...]:
    """What breaks where both releases run at once: for callers, readers, data, or the way back.

    It is a pure function: the same descriptions give the same findings.

    Args:
        before: The release that runs.
        after: The one that is to take its place.
        around: What else is known.
    """
    around = around or Around()
    running = (*before.services, *around.beside)
    coming = (*after.services, *around.beside)
    now = {one.name: one for one in after.services}
    found = [*fleet_problems(running, before.services, now)]
    found += _events(before.services, now, running, coming)
    for service in before.services:
        found += _own(service, now.get(service.name), around)
    found += _documents(before.services, after.services)
    return gathered(found)


def fleet_problems(
    callers: Iterable[ServiceDescription],
    offered: Iterable[ServiceDescription],
    now: Mapping[str, ServiceDescription],
) -> Iterator[tuple[Hit, str]]:
    """What breaks those who call, each by what it knows of a contract itself.

    Args:
        callers: Services that run and may call.
        offered: What was served until now.
        now: What is served from now on, by name.
    """
    needed = {one.name for one in offered}
    for caller in callers:
        for need in caller.needs:
            if need.contract.full_name in needed:
                hits = _contract(need.contract, now, outside=False)
                yield from ((hit, caller.name) for hit in hits)
    for one in offered:
        routed = tuple(method for method in one.contract.methods if method.path is not None)
        if routed:
            known = msgspec.structs.replace(one.contract, methods=routed)
            yield from ((hit, OUTSIDE) for hit in _contract(known, now, outside=True))


def _contract(
    known: ContractDescription, now: Mapping[str, ServiceDescription], *, outside: bool
) -> Iterator[Hit]:
    served = now.get(known.full_name)
    if served is None:
        yield Hit(CONTRACT_REMOVED, known.full_name, "is served by nobody any more.")
    else:
        yield from contract_hits(known, served.contract, outside=outside)


def _events(
    tellers: Sequence[ServiceDescription],
    now: Mapping[str, ServiceDescription],
    running: Sequence[ServiceDescription],
    coming: Sequence[ServiceDescription],
) -> Iterator[tuple[Hit, str]]:
    """What breaks those who take events: those that run, and those to come who read old ones."""
    told = _told(tellers)
    tells = _told(now.values())
    for taker, event in _taken(running):
        if event.full_name not in told:
            continue
        new = tells.get(event.full_name)
        hits = removed_event_hits(event) if new is None else event_hits(new, event, old_tells=False)
        yield from ((hit, taker) for hit in hits)
    for taker, event in _taken(coming):
        if old := told.get(event.full_name):
            yield from ((hit, taker) for hit in event_hits(old, event, old_tells=True))


def _told(services: Iterable[ServiceDescription]) -> dict[str, EventDescription]:
    return {event.full_name: event for service in services for event in service.tells}


def _taken(services: Iterable[ServiceDescription]) -> Iterator[tuple[str, EventDescription]]:
    for service in services:
        for event in service.taken:
            yield service.name, event


def _own(
    before: ServiceDescription, after: ServiceDescription | None, around: Around
) -> Iterator[tuple[Hit, str]]:
    """What a service breaks for its own other release, and for who deploys it."""
    workflows = {(one.name, one.version): one for one in (after.workflows if after else ())}
    hits: list[Hit] = []
    for one in before.workflows:
        new = workflows.get((one.name, one.version))
        hits += dropped_hits(one, around.living) if new is None else workflow_hits(one, new)
    for one in before.takes:
        hits += subscription_hits(one, after.takes if after else ())
    if after is not None:
        hits += settings_hits(before.settings, after.settings)
    yield from ((hit, before.name) for hit in hits)


def _documents(
    before: Sequence[ServiceDescription], after: Sequence[ServiceDescription]
) -> Iterator[tuple[Hit, str]]:
    """What breaks those who keep documents, of which several services may keep the same."""
    now = _kept(after)
    old = _kept(before)
    fresh = {one.name: one for table, one in now.items() if table not in old}
    for service in before:
        for document in service.documents:
            new = now.get(document.table)
            if new is not None:
                yield from ((hit, service.name) for hit in document_hits(document, new))
            elif moved := fresh.get(document.name):
                yield from ((hit, service.name) for hit in moved_hits(document, moved))


def _kept(services: Sequence[ServiceDescription]) -> dict[str, DocumentDescription]:
    return {document.table: document for one in services for document in one.documents}
