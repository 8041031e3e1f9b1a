"""Finds the line of every key and value in a TOML text, which tomllib does not tell."""

from __future__ import annotations

import re
import tomllib

Place = tuple[str | int, ...]
"""Where a value is: keys of tables and positions in arrays, from the top."""

_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:\\.|[^\\])*?"{3,5}|\'\'\'.*?\'{3,5}|"(?:\\.|[^"\\\n])*"|\'[^\'\n]*\'', re.DOTALL
)
_PLAIN = re.compile(r"[^,\]}#\n]+")


def find_lines(text: str) -> dict[Place, int]:
    """The line, from 1, on which each key, table and element of an array begins.

    Args:
        text: Valid TOML 1.0: what tomllib took.
    """
    scanner = _Scanner(text.replace("\r\n", "\n"))
    scanner.document()
    return scanner.lines


def nearest_line(lines: dict[Place, int], place: Place) -> int:
    """The line of a place, or of the innermost table or array around it that is written down."""
    while place:
        if place in lines:
            return lines[place]
        place = place[:-1]
    return 1


class _Scanner:
    """Walks over the text once. It may trust the text, because tomllib has read it before."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {}
        self._text = text
        self._at = 0
        self._line = 1
        self._counted_to = 0
        self._elements: dict[Place, int] = {}
        """How many `[[tables]]` of each name there were so far."""

    def document(self) -> None:
        table: Place = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._next() == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)

    def _header(self) -> Place:
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        start = self._at
        self._at += brackets
        *outer, last = self._key()
        place: Place = ()
        for key in outer:
            place = self._into(place, key)
            self.lines.setdefault(place, self._line_at(start))
        if brackets == 2:
            array = (*place, last)
            self._elements[array] = self._elements.get(array, 0) + 1
            self.lines.setdefault(array, self._line_at(start))
        place = self._into(place, last)
        self.lines[place] = self._line_at(start)
        self._at += brackets
        return place

    def _into(self, place: Place, key: str) -> Place:
        """The table of that name, and where there are several, the last one."""
        inner = (*place, key)
        count = self._elements.get(inner, 0)
        return (*inner, count - 1) if count else inner

    def _pair(self, table: Place) -> None:
        line = self._line_at(self._at)
        for key in self._key():
            table = (*table, key)
            self.lines.setdefault(table, line)
        self._at += 1  # =
        self._skip(_SPACE)
        self._value(table)

    def _key(self) -> list[str]:
        """A key and its dotted parts; stops behind it and the space after it."""
        parts: list[str] = []
        while True:
            self._skip(_SPACE)
            quoted = self._next() in "\"'"
            word = self._skip(_STRING if quoted else _BARE_KEY)
            parts.append(tomllib.loads(f"key = {word}")["key"] if quoted else word)
            self._skip(_SPACE)
            if self._next() != ".":
                return parts
            self._at += 1

    def _value(self, place: Place) -> None:
        match self._next():
            case "[":
                self._array(place)
            case "{":
                self._inline_table(place)
            case '"' | "'":
                self._skip(_STRING)
            case _:
                self._skip(_PLAIN)

    def _array(self, place: Place) -> None:
        self._at += 1
        position = 0
        while True:
            self._skip(_BLANK)
            if self._next() == "]":
                self._at += 1
                return
            self.lines[(*place, position)] = self._line_at(self._at)
            self._value((*place, position))
            position += 1
            self._skip(_BLANK)
            self._at += self._next() == ","

    def _inline_table(self, place: Place) -> None:
        self._at += 1
        while True:
            self._skip(_BLANK)
            if self._next() == "}":
                self._at += 1
                return
            self._pair(place)
            self._skip(_BLANK)
            self._at += self._next() == ","

    def _next(self) -> str:
        return self._text[self._at : self._at + 1]

    def _skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self._text, self._at)
        assert found is not None, f"tomllib took what this did not, at {self._at}"
        self._at = found.end()
        return found[0]

    def _line_at(self, at: int) -> int:
        """Places are asked for in order, so that each line end is counted once."""
        if at > self._counted_to:
            self._line += self._text.count("\n", self._counted_to, at)
            self._counted_to = at
        return self._line
