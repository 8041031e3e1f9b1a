"""A server of a test's own: begun and ended with a block, or as often as it likes."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from hanse.testing.servers.server_process import ServerProcess


class OwnServer(ABC):
    """What every server for tests has in common; where it is and what it keeps differs.

    Args:
        process: Its own.
    """

    def __init__(self, process: ServerProcess) -> None:
        self._process = process

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def start(self) -> None:
        """Returns when it answers; does nothing if it runs."""

    def stop(self, *, keep: bool = False) -> None:
        """Ends it at once, as by `kill -9` or a loss of power.

        Args:
            keep: What it acknowledged is there again after the next `start`, at the same place.
        """
        self._process.end(keep=keep)

    @property
    def pid(self) -> int:
        """Of its process; 0 before it first begins."""
        return self._process.pid
