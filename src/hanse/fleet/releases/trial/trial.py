"""One module on trial: a child that imports it, watched until it has answered or must end."""

from __future__ import annotations

import os
import re
import signal
from contextlib import suppress
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.releases.trial import child
from hanse.fleet.releases.trial.facts import Answer
from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.fleet.releases.trial.question import Part, Question

ANSWER_BYTES_MAX = 16 * 1024 * 1024
WORDS_BYTES_MAX = 8192
WORDS_SHOWN = 3

_READ_BYTES = 65_536
_LAST_WORDS_SECONDS = 1.0
_AT = re.compile(r'File "(?P<path>[^"]+)", line (?P<line>\d+)')


class Trial:
    """Begins with a fork: whoever makes one has a single thread.

    Args:
        part: What is imported.
        question: It is one of.
    """

    def __init__(self, part: Part, question: Question) -> None:
        self._part = part
        self._question = question
        self._answer = bytearray()
        self._words = bytearray()
        self._late = False
        self._code: int | None = None
        reading, answer = os.pipe()
        listening, words = os.pipe()
        self.pid = os.fork()
        if self.pid == 0:
            child.run(part, question, answer, words)
        os.close(answer)
        os.close(words)
        self._pipes: dict[int, bytearray] = {reading: self._answer, listening: self._words}
        self._deadline = monotonic() + question.seconds

    @property
    def pipes(self) -> tuple[int, ...]:
        """What can be read of it; as soon as something can, `read`."""
        return tuple(self._pipes)

    def read(self, pipe: int) -> bool:
        """Takes what is there; False if nothing more will come."""
        said = os.read(pipe, _READ_BYTES)
        self._pipes[pipe] += said
        del self._words[:-WORDS_BYTES_MAX]
        if self._is_too_long():
            self._end(signal.SIGKILL)
        return bool(said)

    def is_over(self) -> bool:
        """Whether its process has ended; one that takes too long is ended."""
        late = monotonic() - self._deadline
        if late > _LAST_WORDS_SECONDS:
            self._end(signal.SIGKILL)
        elif late > 0 and not self._late:
            self._late = True
            self._end(signal.SIGABRT)  # faulthandler says where it is
        with suppress(ChildProcessError):
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid == 0:
                return False
            self._code = os.waitstatus_to_exitcode(status)
        return True

    def close(self) -> None:
        """Ends all that its code has started, and takes what it still said."""
        self._end(signal.SIGKILL)
        for pipe in self._pipes:
            os.set_blocking(pipe, False)
            with suppress(BlockingIOError):
                while not self._is_too_long() and self.read(pipe):
                    pass
            os.close(pipe)

    def outcome(self) -> Answer:
        """What it has answered.

        That comes from code of others, and is believed as far as it is about this service alone and
        agrees with itself.
        """
        if self._is_too_long():
            return self._failed(f"answers with more than {ANSWER_BYTES_MAX} bytes.", _MEDDLING)
        if self._code == 0 and not self._late:
            try:
                told = msgspec.json.decode(self._answer, type=Answer)
            except msgspec.MsgspecError:
                return self._failed("answers with what is no description.", _MEDDLING)
            return self._believed(told)
        if self._late:
            seconds = self._question.seconds
            return self._failed(f"takes longer than {seconds:g} s to import.", _WORK)
        return self._failed(f"ends the process that imports it ({self._how()}).", _ENDING)

    def _is_too_long(self) -> bool:
        return len(self._answer) > ANSWER_BYTES_MAX

    def _believed(self, told: Answer) -> Answer:
        named = self._part.services
        for name, facts in told.facts.items():
            contract = facts.description.contract
            full_name = f"{contract.package}.{contract.name}"
            names = {name, facts.survey.name, facts.description.listed}
            if len(names) > 1 or name not in named or facts.survey.contract != full_name:
                return self._failed(f"answers for {name}, {facts.survey.contract}.", _MEDDLING)
        if len(told.facts) < len(named) and not told.problems:
            return self._failed("answers for some of its services alone.", _MEDDLING)
        return told

    def _failed(self, what: str, remedy: str) -> Answer:
        return Answer(problems=(f"{self._part.named} {what}", *self._place(), remedy))

    def _place(self) -> Iterator[str]:
        """Where its code was at last, if Python could say so; else what was printed last."""
        words = self._words.decode(errors="replace")
        inside = f"{self._part.code}/"
        for found in _AT.finditer(words):
            if found["path"].startswith(inside):
                yield f"It was at {found['path'].removeprefix(inside)}:{found['line']}."
                return
        yield from words.strip().splitlines()[-WORDS_SHOWN:]

    def _how(self) -> str:
        code = self._code or 0
        return f"exit code {code}" if code >= 0 else f"{signal.Signals(-code).name}"

    def _end(self, by: signal.Signals) -> None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, by)


_WORK = "Importing should define things and do nothing; what works belongs into a constructor."
_MEDDLING = "Does something that it imports write to files which it has not opened?"
_ENDING = "Look for an exit, a signal or a crash in what it imports."
