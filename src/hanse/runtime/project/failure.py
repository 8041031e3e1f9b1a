"""Puts into words why a project's code could not be used: the mistake and its place, no stack."""

from __future__ import annotations

import errno
import traceback
from typing import TYPE_CHECKING

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.contract.mistakes import DeclarationError

if TYPE_CHECKING:
    from pathlib import Path

CALLERS_MAX = 7
"""Lines of the project shown on the way to where an error arose."""


def explain(error: BaseException, folder: Path) -> list[str]:
    """The sentences to show for an error, the most helpful place first.

    Args:
        error: Anything raised while a project was read, imported or started.
        folder: The project's; only code in it is shown, because only that can be mended there.
    """
    match error:
        case BaseExceptionGroup():
            return [line for inner in error.exceptions for line in explain(inner, folder)]
        case ConfigurationError():
            return list(error.problems)
        case SyntaxError():
            return [_syntax(error, folder)]
        case DeclarationError():
            return [f"{_at(error, folder)}{error}"]
        case OSError(errno=errno.EADDRINUSE):
            return [f"An address is taken: {error.strerror}."]
        case _:
            name = type(error).__name__
            return [f"{_at(error, folder)}{name}: {error}{_way(error, folder)}"]


def _syntax(error: SyntaxError, folder: Path) -> str:
    where = f"{_short(error.filename or '?', folder)}:{error.lineno or 1}"
    said = f"{where}: {type(error).__name__}: {error.msg}"
    text = (error.text or "").rstrip()
    if not text:
        return said
    indent = len(text) - len(text.lstrip())
    mark = " " * max(0, (error.offset or 1) - 1 - indent) + "^"
    return f"{said}\n    {text.strip()}\n    {mark}"


def _places(error: BaseException, folder: Path) -> list[traceback.FrameSummary]:
    """The lines of the project on the way to the error, the innermost last."""
    frames = traceback.extract_tb(error.__traceback__)
    return [frame for frame in frames if _is_own(frame.filename, folder)]


def _is_own(filename: str, folder: Path) -> bool:
    inside = filename.startswith(f"{folder}/")
    return inside and "/site-packages/" not in filename[len(str(folder)) :]


def _at(error: BaseException, folder: Path) -> str:
    places = _places(error, folder)
    return f"{_short(places[-1].filename, folder)}:{places[-1].lineno}: " if places else ""


def _way(error: BaseException, folder: Path) -> str:
    """The line itself, whose place is said before, and those that led to it, the nearest first."""
    places = _places(error, folder)
    if not places:
        return ""
    *callers, innermost = places
    lines = [f"{_short(one.filename, folder)}:{one.lineno}  {one.line}" for one in callers]
    return "".join(
        f"\n    {line}" for line in (innermost.line, *reversed(lines[-CALLERS_MAX:])) if line
    )


def _short(filename: str, folder: Path) -> str:
    return filename.removeprefix(f"{folder}/")
