"""Who stands at the fault points; only the test kit may import this."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from hanse.kit.fault_points import WATCHED

if TYPE_CHECKING:
    from collections.abc import Generator

    from hanse.kit.fault_points import Watch


@contextmanager
def watched_by(watch: Watch) -> Generator[None]:
    """Has somebody stand at the points for the length of a block.

    Raises:
        RuntimeError: Somebody else stands there.
    """
    if WATCHED.by is not None:
        raise RuntimeError("Other Faults are in use in this process: end their world first.")
    WATCHED.by = watch
    try:
        yield
    finally:
        WATCHED.by = None
