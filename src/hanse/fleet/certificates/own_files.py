"""A certificate and a key that somebody else keeps, in two files; read again when they change."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from hanse.fleet.certificates.pair import CertificateError, Pair, check_time, read_pair
from hanse.runtime.config.file_mark import mark_of

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from hanse.runtime.config.file_mark import FileMark

FILE_BYTES_MAX = 256 * 1024


class OwnFiles:
    """Reads `[gateway] certificate` and `key`.

    While what lies there is wrong, for whoever renews writes one file after the other, what was
    right before is shown on, until it expires.

    Args:
        chain: File of the certificate, its issuers behind it.
        key: File of its key.
    """

    def __init__(self, chain: Path, key: Path) -> None:
        self._chain = chain
        self._key = key
        self._marks: tuple[FileMark | None, ...] = ()
        self._pair: Pair | None = None
        self._problem = ""

    def look(self, now: datetime) -> tuple[Pair | None, str]:
        """The pair to show, None for none; and what is wrong, empty for nothing."""
        marks = mark_of(self._chain), mark_of(self._key)
        if None in marks or marks != self._marks:
            self._marks = marks
            self._read()
        if self._pair is None:
            return None, self._problem
        try:
            check_time(self._pair, now, str(self._chain))
        except CertificateError as error:
            return None, self._problem or str(error)
        return self._pair, self._problem

    def _read(self) -> None:
        try:
            chain, key = _content(self._chain), _content(self._key)
            self._pair = read_pair(chain, key, chain_name=str(self._chain), key_name=str(self._key))
            self._problem = ""
        except CertificateError as error:
            self._problem = str(error)


def _content(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            found = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise CertificateError(
            f"{path} cannot be read by user {os.geteuid()}: {error.strerror}. Name a file that "
            "can, in [gateway], or let that user's group read it."
        ) from error
    if len(found) > FILE_BYTES_MAX:
        raise CertificateError(
            f"{path} is larger than {FILE_BYTES_MAX // 1024} kB, and no certificate is. Name the "
            "right file in [gateway]."
        )
    return found
