"""What is wrong with how a process was set up, all of it at once, for the person who starts it."""

from __future__ import annotations


class ConfigurationError(Exception):
    """The process cannot start as configured. Never crosses a call.

    Attributes:
        problems: One sentence or two each: what is wrong, where, and what to do about it.
    """

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems: tuple[str, ...] = problems

    def __str__(self) -> str:
        return "\n".join(self.problems)
