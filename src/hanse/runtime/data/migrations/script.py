"""A file of SQL, parted into its statements as PostgreSQL would part it."""

from __future__ import annotations

import re
from typing import NamedTuple

_PART = re.compile(
    r"""
    (?P<comment>--[^\n]*|/\*)
  | (?P<escaped>[eE]'(?:[^'\\]|\\.|'')*')
  | (?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
  | (?P<dollar>\$(?:[A-Za-z_][A-Za-z0-9_]*)?\$)
  | (?P<word>[A-Za-z_][A-Za-z0-9_$]*)
  | (?P<end>;)
  | (?P<open>['"])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_SPACE = re.compile(r"\s+")


class Statement(NamedTuple):
    """One statement of a file.

    Attributes:
        text: As it stands there.
        plain: In lower case, without comments, with a space between words, and with texts and
            bodies of functions left empty: what rules look at.
    """

    text: str
    plain: str


def parts_of(text: str) -> list[Statement]:
    """The statements of a file, without the empty ones.

    Raises:
        ValueError: A text, a comment or a body does not end.
    """
    found: list[Statement] = []
    plain: list[str] = []
    start = at = 0
    while at < len(text):
        part = _PART.match(text, at)
        assert part is not None
        at = part.end()
        if part.lastgroup == "end":
            _add(found, text[start : at - 1], plain)
            start, plain = at, []
        elif part.lastgroup == "comment":
            at = at if part[0] != "/*" else _comment_end(text, at)
            plain.append(" ")
        elif part.lastgroup == "dollar":
            at = _body_end(text, part[0], at)
            plain.append("''")
        else:
            plain.append(_plain(part))
    _add(found, text[start:], plain)
    return found


def _plain(part: re.Match[str]) -> str:
    if part.lastgroup == "open":
        raise ValueError(f"{part[0]} is opened and never closed")
    if part.lastgroup == "escaped" or part[0].startswith("'"):
        return "''"
    return part[0] if part[0].startswith('"') else part[0].lower()


def _add(found: list[Statement], text: str, plain: list[str]) -> None:
    words = _SPACE.sub(" ", "".join(plain)).strip()
    if words:
        found.append(Statement(text.strip(), words))


def _comment_end(text: str, at: int) -> int:
    depth = 1
    for mark in re.finditer(r"/\*|\*/", text[at:]):
        depth += 1 if mark[0] == "/*" else -1
        if depth == 0:
            return at + mark.end()
    raise ValueError("a comment is opened and never closed")


def _body_end(text: str, mark: str, at: int) -> int:
    end = text.find(mark, at)
    if end < 0:
        raise ValueError(f"{mark} is opened and never closed")
    return end + len(mark)
