"""What one types to come here: `hanse`, or `./hanse` in a clone."""

from __future__ import annotations

import re

from hanse.kit.environment import variables

CALLED_AS = "HANSE_CALLED_AS"
"""Variable with what one types to come here, where that is not `hanse`; set by ./hanse."""

CALLED_FROM = "HANSE_CALLED_FROM"
"""Variable with the folder that somebody stands in, where ./hanse led to another."""

CALLED = frozenset({CALLED_AS, CALLED_FROM})
"""What is about one command and nothing that runs on after it."""

_COMMAND = re.compile(
    r"(?<![\w./-])hanse "
    r"(?=(?:up|down|status|top|logs|restart|trust|new|dev|run|test|key|token|import|migrate"
    r"|backup|restore)\b)"
)


def called(verb: str) -> str:
    """A command as one types it here."""
    return f"{variables().get(CALLED_AS, 'hanse')} {verb}"


def as_called(sentence: str) -> str:
    """A sentence whose commands can be typed as they stand in it."""
    return _COMMAND.sub(called("").replace("\\", r"\\"), sentence)
