"""Facts of hiring, in the past tense: for whoever wants to know, without asking for them."""

from __future__ import annotations

from hanse import Event, Instant, event


@event("hiring.v1", key="external_id")
class JobPublished(Event, frozen=True):
    """A job is open that was not."""

    external_id: str
    title: str
    team: str
    published: Instant


@event("hiring.v1", key="external_id")
class JobClosed(Event, frozen=True):
    """A job is no longer open: it was filled, or given up."""

    external_id: str
    title: str
    closed: Instant


@event("hiring.v1", key="job")
class ApplicationReceived(Event, frozen=True):
    """Somebody applied. Who it was stays in the application."""

    application_id: str
    job: str
    received: Instant
