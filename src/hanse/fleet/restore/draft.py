"""The folder in which something is restored before it is put anywhere."""

from __future__ import annotations

import asyncio
import fcntl
import os
import shutil
import tempfile
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hanse.fleet.state import StateError, telling

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Generator

    from hanse.fleet.restore.recovery import Recovery
    from hanse.fleet.state import StateFolder


@contextmanager
def draft(state: StateFolder) -> Generator[Path]:
    """A folder of one's own, gone afterwards, like what a killed restore has left.

    Raises:
        StateError: It cannot be made, or another restore is at work.
    """
    above = state.restore
    with telling(above), _alone(above / "lock"):
        for left in above.iterdir():
            if left.is_dir():
                shutil.rmtree(left, ignore_errors=True)
        made = Path(tempfile.mkdtemp(dir=above))
        try:
            yield made
        finally:
            shutil.rmtree(made, ignore_errors=True)


@asynccontextmanager
async def stopped(recovery: Recovery) -> AsyncGenerator[None]:
    """Ends the server of a recovery after the block, whatever happens in it."""
    try:
        yield
    finally:
        await asyncio.shield(recovery.scratch.stop())


@contextmanager
def _alone(path: Path) -> Generator[None]:
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise StateError("Another restore is at work here; wait for it.") from None
    finally:
        os.close(handle)
