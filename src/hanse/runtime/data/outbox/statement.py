"""A statement that writes a row, and where it does puts an event beside it."""

from __future__ import annotations

import re

COLUMNS = "id, partition, type, envelope"

_ARGUMENT = re.compile(r"\$(\d+)")
_MADE = " select exists (select from made)"
_CHANGED = " select true as done"


def also_telling(text: str) -> str:
    """One of the statements of a collection that write one row, with an event.

    What is in `COLUMNS` are its last arguments. The number of an event is drawn when its row is
    written and held: so the events of one row are in the order of its changes.

    Args:
        text: A plain insert or update, or what writes as `made` or `changed` and then answers.
    """
    first = max(int(number) for number in _ARGUMENT.findall(text)) + 1
    if text.startswith("insert "):
        text = f"with made as ({text} returning 1){_MADE} as done"
    if text.startswith("update "):
        text = f"with changed as ({text}){_CHANGED}, * from changed"
    name, answer = ("made", _MADE) if _MADE in text else ("changed", _CHANGED)
    writing, _, answering = text.partition(answer)
    return (
        f"{writing}, told as (insert into hanse.outbox ({COLUMNS}) "
        f"select ${first}::uuid, ${first + 1}::smallint, ${first + 2}::text, ${first + 3}::bytea "
        f"from {name}){answer}{answering}"
    )
