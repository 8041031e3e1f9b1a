"""The process in which one module is imported: what it may touch, and how it answers."""

from __future__ import annotations

import faulthandler
import gc
import os
import resource
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import msgspec

from hanse.fleet.releases.trial.facts import facts_of

if TYPE_CHECKING:
    from hanse.fleet.releases.trial.question import Part, Question

_ANSWER = 3
_HANDLES_MAX = 65_536


def run(part: Part, question: Question, answer: int, words: int) -> NoReturn:
    """Imports a module, writes its answer and ends, in a child that was just forked.

    Args:
        part: What to import.
        question: It is one of.
        answer: Where the answer goes, as JSON.
        words: Where everything goes that is printed.
    """
    own = os.getpid()
    code = 1
    try:
        os.setsid()  # so that all it starts is ended with it
        _keep_only(answer, words)
        _bound(question)
        faulthandler.enable(2)
        gc.disable()  # it lives shorter than that takes
        told = facts_of(part, [Path(one) for one in question.known])
        if os.getpid() == own:  # else its code has forked, and that came along as far as this
            _write(msgspec.json.encode(told))
            code = 0
    finally:
        os._exit(code)  # nothing that was imported has a say in how it ends


def _keep_only(answer: int, words: int) -> None:
    """Nothing of whoever builds is open here: neither its own answer, nor those of others."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    kept = os.dup(answer), os.dup(words)
    os.dup2(kept[1], 1)
    os.dup2(kept[1], 2)
    os.dup2(kept[0], _ANSWER, inheritable=False)
    os.closerange(_ANSWER + 1, _HANDLES_MAX)


def _bound(question: Question) -> None:
    """A kernel that cannot hold it to that says so, and time bounds it still."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    most = question.memory_bytes
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (most, most))


def _write(answer: bytes) -> None:
    rest = memoryview(answer)
    while rest:
        rest = rest[os.write(_ANSWER, rest) :]
