"""Rules about words: what a file is called and says of itself, and what must not be left in it."""

import ast
import re
from collections.abc import Iterator

from tests.tidy.source import Finding, Source

BANNED_NAMES = frozenset(
    ("utils", "util", "helpers", "helper", "common", "misc", "manager", "managers", "base")
)
LEFTOVER = re.compile(r"\b(TODO|FIXME|XXX)\b")
SILENCER = re.compile(r"#\s*(?:noqa|pyright:|type:\s*ignore)")
REASONED = re.compile(
    # The codes first, possessively: a second code is no reason. Then two words at least.
    r"#\s*(?:noqa:\s*[A-Z]+\d++(?:[,\s]+[A-Z]+\d++)*+|pyright:\s*[a-z]\w*+(?:\[[\w, ]+\])?+)"
    r"[\s#:,;(–—-]+\w\S*\s+\S"
)
COMMENT = re.compile(r"^\s*# [A-Z].*\s")


def first_line(source: Source) -> Iterator[Finding]:
    if not source.tree.body:
        return
    docstring = ast.get_docstring(source.tree) or ""
    if not docstring.partition("\n")[0].endswith("."):
        says = "the first line must be one sentence, with its full stop: what is this file for?"
        yield Finding(source.path, 1, says)


def banned_name(source: Source) -> Iterator[Finding]:
    words = {word for part in source.path.with_suffix("").parts for word in part.split("_")}
    for word in sorted(words & BANNED_NAMES):
        says = f"'{word}' says nothing: name the file by the one noun it holds"
        yield Finding(source.path, 1, says)


def leftover(source: Source) -> Iterator[Finding]:
    for number, line in enumerate(source.lines, 1):
        if found := LEFTOVER.search(line):
            says = f"{found[0]} left behind: do it now, or write an issue and delete the note"
            yield Finding(source.path, number, says)


def silenced_without_reason(source: Source) -> Iterator[Finding]:
    """Ask for the reason on the line itself or, where that is full, as the comment above it."""
    for number, line in enumerate(source.lines, 1):
        above = source.lines[number - 2] if number > 1 else ""
        if SILENCER.search(line) and not REASONED.search(line) and not COMMENT.match(above):
            says = "a silenced rule needs its code and a reason: '# noqa: S101  why it is right'"
            yield Finding(source.path, number, says)
