"""What all processes of a machine may have open together: so many places, each held by one."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hanse.kit.chance import RANDOM

_WANTED, _STARVING = "wanted", "starving"


class Places:
    """Those that one pool holds.

    A place is a file that is locked, so that the kernel gives it back when its process dies.

    Args:
        folder: By which processes share them; without one a pool keeps to its own bound alone.
        count: How many there are.
    """

    def __init__(self, folder: Path | None, count: int) -> None:
        self._folder = folder
        self._files = [str(folder / str(number)) for number in range(count)] if folder else []
        self._count = count
        self._next = RANDOM.randrange(count) if count else 0
        self._held: list[int] = []
        self._signs: dict[str, int] = {}

    def take(self) -> bool:
        """Takes a place; whether one was free."""
        if self._folder is None:
            return True
        for step in range(self._count):  # from anywhere: where many are taken, others look as well
            number = (self._next + step) % self._count
            file = _locked(self._files[number], fcntl.LOCK_EX)
            if file is not None:
                self._held.append(file)
                self._next = number + 1
                return True
        return False

    def give(self) -> None:
        """Gives one back."""
        if self._held:
            _unlock(self._held.pop())

    def ask(self, *, starving: bool) -> None:
        """Has others see that a place is wanted here, and whether this pool has none at all."""
        if self._folder is None:
            return
        for sign, is_up in ((_WANTED, True), (_STARVING, starving)):
            if is_up and sign not in self._signs:
                file = _locked(str(self._folder / sign), fcntl.LOCK_SH)
                if file is not None:
                    self._signs[sign] = file
            elif not is_up and sign in self._signs:
                _unlock(self._signs.pop(sign))

    def asked(self) -> None:
        """Takes that back."""
        while self._signs:
            _unlock(self._signs.popitem()[1])

    @property
    def is_wanted(self) -> bool:
        """Whether somebody wants more than they have, be it this pool: who starves does as well."""
        return _WANTED in self._signs or self._sees(_WANTED)

    @property
    def is_starved_for(self) -> bool:
        """Whether there are others who have nothing."""
        return _STARVING not in self._signs and self._sees(_STARVING)

    def _sees(self, sign: str) -> bool:
        if self._folder is None:
            return False
        file = _locked(str(self._folder / sign), fcntl.LOCK_EX)
        if file is None:
            return True
        _unlock(file)
        return False


def _locked(path: str, how: int) -> int | None:
    """A file that is locked, made if it is not there; None if another holds it."""
    flags = os.O_RDONLY | os.O_CREAT | os.O_CLOEXEC
    try:
        file = os.open(path, flags, 0o644)
    except FileNotFoundError:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        file = os.open(path, flags, 0o644)
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(file)
        return None
    return file


def _unlock(file: int) -> None:
    # A child that was forked has the file open, too, and would go on holding the place.
    fcntl.flock(file, fcntl.LOCK_UN)
    os.close(file)
