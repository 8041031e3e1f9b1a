"""Imports modules side by side, each alone in a child, and says what their services are like."""

from __future__ import annotations

import gc
import os
import selectors
import sys
from collections import deque
from typing import TYPE_CHECKING

import msgspec

import hanse
from hanse.fleet.releases.trial.facts import Answer
from hanse.fleet.releases.trial.question import Question
from hanse.fleet.releases.trial.strays import adopt_strays, end_strays
from hanse.fleet.releases.trial.trial import Trial

if TYPE_CHECKING:
    from hanse.fleet.releases.trial.question import Part

_LOOK_SECONDS = 0.05
_SOON_SECONDS = 0.001
"""Whose pipes are closed is about to end."""


def described(question: Question) -> Answer:
    """What services are like; this process imports none of them, and has one thread."""
    adopt_strays()
    _warm()
    trials = _Trials(question)
    waiting = deque(question.parts)
    try:
        while waiting or trials.running:
            while waiting and len(trials.running) < (os.cpu_count() or 1):
                trials.begin(waiting.popleft())
            trials.look()
    finally:
        trials.end()
    answers = [trials.over[one] for one in question.parts]
    facts = {name: told for answer in answers for name, told in answer.facts.items()}
    problems = dict.fromkeys(said for answer in answers for said in answer.problems)
    return Answer(facts, tuple(problems))


def _warm() -> None:
    """Has all of Hanse at hand before the first fork, so that no child has to import it again."""
    for name in hanse.__all__:
        getattr(hanse, name)
    gc.freeze()


class _Trials:
    """Those that run, and the answers of those that are over."""

    def __init__(self, question: Question) -> None:
        self._question = question
        self._selector = selectors.DefaultSelector()
        self.running: dict[Part, Trial] = {}
        self.over: dict[Part, Answer] = {}

    def begin(self, part: Part) -> None:
        trial = Trial(part, self._question)
        for pipe in trial.pipes:
            self._selector.register(pipe, selectors.EVENT_READ, trial)
        self.running[part] = trial

    def look(self) -> None:
        """Waits until one says something, but not long, and puts away those that are over."""
        for key, _ in self._selector.select(self._patience()):
            if not key.data.read(key.fd):
                self._selector.unregister(key.fd)
        for part, trial in [*self.running.items()]:
            if trial.is_over():
                self._close(part)
                self.over[part] = trial.outcome()

    def end(self) -> None:
        """Ends whatever still runs."""
        for part in [*self.running]:
            self._close(part)
        self._selector.close()
        end_strays(())

    def _patience(self) -> float:
        heard = {id(key.data) for key in self._selector.get_map().values()}
        silent = any(id(one) not in heard for one in self.running.values())
        return _SOON_SECONDS if silent else _LOOK_SECONDS

    def _close(self, part: Part) -> None:
        trial = self.running.pop(part)
        for pipe in trial.pipes:
            if pipe in self._selector.get_map():
                self._selector.unregister(pipe)
        trial.close()
        end_strays({one.pid for one in self.running.values()})


def main() -> None:
    """Answers a question on the standard input, in a process that has the packages of a lock."""
    question = msgspec.json.decode(sys.stdin.buffer.read(), type=Question)
    sys.stdout.buffer.write(msgspec.json.encode(described(question)))


if __name__ == "__main__":
    main()
