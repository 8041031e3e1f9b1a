"""What can be wrong with a file that is sent, and with what keeps it."""

from __future__ import annotations

from hanse.runtime.errors import InvalidArgument, ResourceExhausted, Unavailable


class FileTooLarge(InvalidArgument):
    """The file is larger than its field takes."""

    code = "file_too_large"
    status = 413
    title = "File too large"
    limit_bytes: int

    @classmethod
    def over(cls, limit: int) -> FileTooLarge:
        """What is said of one with more bytes than that."""
        return cls(f"The file may have {limit} bytes at most.", limit_bytes=limit)


class FileRefused(InvalidArgument):
    """The file's content is of a kind that its field does not take."""

    code = "file_kind"
    status = 415
    title = "Not such a file"


class StoreFull(ResourceExhausted):
    """What keeps files has no room left. 507 is WebDAV's status for it (RFC 4918, 11.5)."""

    code = "file_store_full"
    status = 507
    title = "No room for files"
    log = True


class StoreAway(Unavailable):
    """What keeps files does not answer, or refuses us."""

    code = "file_store_unavailable"
    title = "Files out of reach"
    log = True
