"""What one types to come here: `hanse`, or `./hanse` in a clone."""

from __future__ import annotations

import re

from hanse.kit.environment import variables

CALLED_AS = "HANSE_CALLED_AS"
"""Variable with what one types to come here, where that is not `hanse`; set by ./hanse."""

_COMMAND = re.compile(
    r"(?<![\w./-])hanse (?=(?:up|down|status|top|logs|restart|trust|new|dev|run|test|key|token)\b)"
)


def called(verb: str) -> str:
    """A command as one types it here."""
    return f"{variables().get(CALLED_AS, 'hanse')} {verb}"


def as_called(sentence: str) -> str:
    """A sentence whose commands can be typed as they stand in it."""
    return _COMMAND.sub(called("").replace("\\", r"\\"), sentence)
