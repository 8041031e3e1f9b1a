"""Facts of hiring, in the past tense; nobody sends them yet, as there are no events so far."""

from __future__ import annotations

from datetime import datetime

from hanse import Struct


class JobPublished(Struct, frozen=True):
    """A job is open that was not."""

    external_id: str
    title: str
    team: str
    published: datetime


class JobClosed(Struct, frozen=True):
    """A job is no longer open: it was filled, or given up."""

    external_id: str
    title: str
    closed: datetime


class ApplicationReceived(Struct, frozen=True):
    """Somebody applied. Who it was stays in the application."""

    application_id: str
    job: str
    received: datetime
