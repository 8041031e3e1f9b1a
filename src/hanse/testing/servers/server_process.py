"""The process of a server for tests, which ends with whoever began it, however that goes."""

from __future__ import annotations

import os
import subprocess
import threading
from typing import TYPE_CHECKING

from hanse.kit.clock import monotonic
from hanse.runtime.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

LOOK_SECONDS = 0.01
WORDS_SHOWN = 5

# It reads from whoever began it: when that process is gone, reading ends, and the server goes with
# all it wrote.
_WATCH = """
signal=$1 folder=$2; shift 2
"$@" >"$folder/log" 2>&1 </dev/null &
server=$!
echo "$server"
exec >/dev/null
read -r word
kill -"$signal" "$server" 2>/dev/null
wait "$server"
[ "$word" = keep ] || rm -rf "$folder"
"""


class ServerProcess:
    """One server, begun and ended as often as a test likes.

    Args:
        name: What it is, for people.
        folder: Where its log lies; it goes with the server, unless that is to be kept.
        signal: What ends it: `QUIT`, or `KILL`.

    Attributes:
        pid: Of the server itself; 0 before it first begins.
    """

    def __init__(self, name: str, folder: Path, signal: str) -> None:
        self._name = name
        self._folder = folder
        self._signal = signal
        self._watch: subprocess.Popen[str] | None = None
        self.pid = 0

    @property
    def begun(self) -> bool:
        """Whether it was begun and not ended since."""
        return self._watch is not None

    def begin(self, command: Sequence[str], ready: Callable[[], bool], seconds: float) -> None:
        """Returns when it is ready.

        Raises:
            ConfigurationError: It ended, or took longer; with what it said.
        """
        self._watch = subprocess.Popen(  # noqa: S603  put together by its callers
            ("/bin/sh", "-c", _WATCH, "sh", self._signal, str(self._folder), *command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for the tests
        )
        assert self._watch.stdout is not None
        with self._watch.stdout as said:
            self.pid = int(said.readline())
        self._await(ready, monotonic() + seconds)

    def end(self, *, keep: bool) -> None:
        """Ends it at once; what it wrote to its folder stays only if it is kept."""
        watch, self._watch = self._watch, None
        if watch is not None:
            watch.communicate("keep\n" if keep else "")

    def _await(self, ready: Callable[[], bool], until: float) -> None:
        never = threading.Event()
        while not ready():
            if monotonic() > until or not lives(self.pid):
                said = (self._folder / "log").read_text(errors="replace").splitlines()
                self.end(keep=False)
                raise ConfigurationError(
                    f"{self._name} does not start for tests. It says:", *said[-WORDS_SHOWN:]
                )
            never.wait(LOOK_SECONDS)


def lives(pid: int) -> bool:
    """Whether a process is there, whosever it is."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
