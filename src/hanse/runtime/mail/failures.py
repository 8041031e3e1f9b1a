"""How a letter fails: for good, or so that it is tried again."""

from __future__ import annotations

from hanse.runtime.errors import FailedPrecondition, Unavailable


class LetterRefused(FailedPrecondition):
    """The mail server refused a letter for good, like one to an address that is not there.

    Attributes:
        answer: What the server said, as a number of SMTP: 550.
    """

    code = "letter_refused"
    answer: int = 550


class NotTaken(Unavailable):
    """The mail server was not there, or took the letter not now."""

    code = "letter_not_taken"
