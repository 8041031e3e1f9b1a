"""The letters of a statement, read so strictly that no two parsers could read them differently."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

Note = Callable[[str, str], None]
"""Takes down what is wrong, and the remedy."""

LENGTH_MAX = 20_000
NAME_MAX = 63
"""PostgreSQL cuts off longer names, and two of them may become one."""

_PART = re.compile(
    r"""
    (?P<space>[ \t\r\n]+)
  | (?P<comment>--|/\*)
  | (?P<parameter>\$[0-9]{1,5}(?![\w$]))
  | (?P<dollar>\$)
  | (?P<prefixed>[A-Za-z_&]+['"])
  | (?P<string>'(?:[^']|'')*')
  | (?P<quoted>"[^"]*")
  | (?P<word>[A-Za-z_][A-Za-z0-9_]*(?![$"]))
  | (?P<number>[0-9]+(?:\.[0-9]+)?(?![\w.$]))
  | (?P<sign>[()\[\],.:+\-*/%<>=!~@|&?^\#])
    """,
    re.VERBOSE,
)
_PLACE = re.compile(r"_p([0-9]+)_", re.IGNORECASE)
_MOMENT = re.compile(r"(?<![a-z])(now|today|tomorrow|yesterday|allballs)(?![a-z])", re.IGNORECASE)
"""PostgreSQL reads on where letters end: `today12:00` and `_now` are such words, too."""

_REMEDIES = {
    "comment": ("has a comment", "write it in Python, above the statement"),
    "dollar": ("has a dollar sign that begins no parameter", "quote texts like 'this'"),
    "prefixed": ("has a word right before a quote, like E'…'", "bind the text, or part the two"),
}


class Letters(NamedTuple):
    """A statement whose parameters are words, `_p1_` for `$1`, which every parser takes for one.

    Attributes:
        text: The statement.
        parameters: The numbers that stand in it.
    """

    text: str
    parameters: frozenset[int]

    def restored(self, text: str, shift: int = 0) -> str:
        """The text with `$n` for its parameters again, each number lowered by `shift`."""
        return _PLACE.sub(lambda found: f"${int(found[1]) - shift}", text)


def place(number: int) -> str:
    """The word that stands for a parameter."""
    return f"_p{number}_"


def is_place(word: str) -> bool:
    """Whether a word stands for a parameter; no name looks like one."""
    return _PLACE.fullmatch(word) is not None


def read_letters(text: str, note: Note) -> Letters | None:
    """Reads a statement's letters; None where something in them is refused.

    Comments, dollar quotes, prefixed texts, backslashes, letters beyond ASCII outside of texts
    and words after words without a space are read differently by different parsers, or under
    different settings of a server; none of them is needed.
    """
    if len(text) > LENGTH_MAX:
        note(f"is longer than {LENGTH_MAX} characters", "split it")
        return None
    parts: list[str] = []
    numbers: set[int] = set()
    last, at = "", 0
    while at < len(text):
        found = _PART.match(text, at)
        if found is None:
            note(f"has {text[at]!r} where no word begins", "write plain SQL in ASCII")
            return None
        kind, part = str(found.lastgroup), found[0]
        if _refused(kind, part, last, note):
            return None
        if kind == "parameter":
            numbers.add(int(part[1:]))
            part = place(int(part[1:]))
        parts.append(part if kind != "space" else " ")
        last = last if kind == "space" else part
        at = found.end()
    return Letters("".join(parts).strip(), frozenset(numbers))


def _refused(kind: str, part: str, last: str, note: Note) -> bool:
    """Whether a part is refused, which then is noted."""
    if kind in _REMEDIES:
        note(*_REMEDIES[kind])
        return True
    if kind == "string":
        return _text_refused(part, last, note)
    if kind in ("word", "quoted"):
        return _name_refused(part, note)
    return False


def _text_refused(part: str, last: str, note: Note) -> bool:
    if "\\" in part or "\0" in part:
        note(f"has a backslash in {part}", "bind the text as a parameter")
        return True
    if _MOMENT.search(part):
        remedy = "business time is a parameter; bind texts of that word too"
        note(f"has {part}, which PostgreSQL may read as the present time", remedy)
        return True
    if last.endswith("'"):
        note("has two texts in a row, which PostgreSQL joins", "write one")
        return True
    return False


def _name_refused(part: str, note: Note) -> bool:
    name = part.strip('"')
    if not name or not name.isascii() or len(name) > NAME_MAX:
        note(f"has the name {part}", f"names are ASCII, of 1 to {NAME_MAX} characters")
        return True
    if _PLACE.search(name):
        note(f"has the name {part}, which stands for a parameter here", "choose another")
        return True
    return False
