"""What goes wrong with the directory that regions share, as errors of calls."""

from __future__ import annotations

from hanse.runtime.errors import Aborted, PermissionDenied, Unavailable


class DirectoryAway(Unavailable):
    """It takes nothing just now; nobody knows whether what it was told is written."""

    code = "directory_away"


class DirectoryConflict(Aborted):
    """Somebody else wrote meanwhile what was to be exchanged.

    Attributes:
        key: What.
    """

    code = "directory_conflict"
    key: str


class DirectoryRefused(PermissionDenied):
    """Whoever asks may not write that."""

    code = "directory_refused"


def away(seconds: float) -> DirectoryAway:
    """No majority of the brokers that hold it answers."""
    return DirectoryAway(
        f"The directory takes nothing: in {seconds:g} s no majority of the brokers that hold it "
        "answered. What is known goes on, and so do calls; try again when hanse status shows these "
        "brokers running.",
        retry_after=1,
    )
