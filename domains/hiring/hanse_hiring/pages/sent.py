"""What came of the form to apply with, and the file in it that need not be chosen again."""

from __future__ import annotations

from typing import Any, NamedTuple

import msgspec

from hanse import File
from hanse_hiring.api import Candidate
from hanse_hiring.rules import applying


class Sent(NamedTuple):
    """One form.

    Attributes:
        job: External id of the job.
        typed: Its texts, cleaned.
        cv: What was chosen now, or before.
        agreed: Whether the box is ticked.
        mistakes: A sentence for each field that cannot be right.
    """

    job: str
    typed: dict[str, str]
    cv: File | None
    agreed: bool
    mistakes: dict[str, str]

    def candidate(self) -> Candidate:
        """Who applies, of a form without mistakes."""
        given: dict[str, Any] = self.typed | {"links": applying.links(self.typed["links"])}
        return Candidate(**given, cv=self.cv)


def read_kept(text: str) -> File | None:
    """What `kept` wrote. Nobody has to believe it: what keeps an application looks for the file."""
    try:
        return msgspec.json.decode(text, type=File)
    except msgspec.MsgspecError:
        return None


def kept(cv: File | None) -> str:
    """A file as a hidden field of the form it came with."""
    return msgspec.json.encode(cv).decode() if cv else ""


def size(count: int) -> str:
    """Bytes, as people read them."""
    return f"{count / 1024**2:.1f} MB" if count >= 1024**2 else f"{max(1, count // 1024)} kB"
