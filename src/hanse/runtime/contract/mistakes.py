"""Mistakes in a declaration, collected so that a developer sees all of them at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator


class DeclarationError(TypeError):
    """A service or contract class is declared wrongly.

    Attributes:
        problems: One sentence a mistake: where, what, and the remedy.
    """

    def __init__(self, subject: str, problems: tuple[str, ...]) -> None:
        self.problems = problems
        listed = "\n".join(f"  - {problem}" for problem in problems)
        super().__init__(f"{subject} has {len(problems)} mistake(s) in its declaration:\n{listed}")


class Mistakes:
    """Collects what is wrong with one class."""

    def __init__(self, subject: str) -> None:
        self._subject = subject
        self._found: list[str] = []

    def __len__(self) -> int:
        return len(self._found)

    def add(self, where: str, what: str, remedy: str) -> None:
        self._found.append(f"{where}: {what} → {remedy}")

    @property
    def found(self) -> tuple[str, ...]:
        """All of them, a sentence each."""
        return tuple(self._found)

    def add_all(self, problems: tuple[str, ...]) -> None:
        """Takes over those of something inside."""
        self._found += problems

    @contextmanager
    def collecting(self) -> Generator[Mistakes]:
        """Raises `DeclarationError` at the end of the block if anything was added in it."""
        yield self
        if self._found:
            raise DeclarationError(self._subject, tuple(dict.fromkeys(self._found)))
