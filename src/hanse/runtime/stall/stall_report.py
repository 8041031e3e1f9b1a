"""The file that tells whoever supervises a host which service blocks its loop, while it does."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from pathlib import Path

log = logging.getLogger("hanse.stall")

REPORT_BYTES_MAX = 4 * 1024 * 1024


class StallReport(msgspec.Struct, frozen=True):
    """What the file says of one process. A supervisor judges by `longest`, which never falls.

    Attributes:
        service: Full name of the contract that blocks the loop now; empty for code that is no
            service's, and while nothing does.
        seconds: How long it has by now; 0 while nothing does.
        longest: By service, the longest time it has blocked the loop at once since the process
            began, `seconds` among them.
    """

    service: str = ""
    seconds: float = 0.0
    longest: Mapping[str, float] = {}


def read_stalls(file: Path) -> StallReport:
    """What a host's file says, whether the host lives or not.

    Raises:
        OSError: It cannot be read.
        msgspec.MsgspecError: It is none.
    """
    with file.open("rb") as opened:
        return msgspec.json.decode(opened.read(REPORT_BYTES_MAX), type=StallReport)


class StallFile:
    """Writes the file, so that its readers see one state or the next.

    Args:
        file: Where; None for nowhere.
    """

    def __init__(self, file: Path | None) -> None:
        self._file = file
        self._failed = False

    def write(self, report: StallReport) -> None:
        """Replaces what the file says; that it cannot be written is said once."""
        if self._file is None:
            return
        new = self._file.with_name(f"{self._file.name}.new")
        try:
            new.write_bytes(msgspec.json.encode(report))
            new.replace(self._file)
        except OSError as error:
            if not self._failed:
                log.warning("Stalls cannot be told in %s: %s.", self._file, error.strerror)
            self._failed = True
