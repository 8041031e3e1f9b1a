"""The events of rows that one statement writes: each is told only if its row is written."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from hanse.runtime.data.outbox.statement import COLUMNS
from hanse.runtime.errors import InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Mapping
    from uuid import UUID

    from hanse.runtime.data.outbox.event import Event
    from hanse.runtime.data.outbox.outbox import Outbox
    from hanse.runtime.data.personal.keys_used import Keys

_ARGUMENT = re.compile(r"\$(\d+)")
_ANSWER = " select (select array_agg(id) from made) as made"


class Told(NamedTuple):
    """Events as they are sent.

    Attributes:
        columns: Last arguments of the statement: of each the row it tells of, and its own row.
        refused: Why one cannot be told, by the row that is not to be written then.
        keys: What they are sealed by, and what was given.
    """

    columns: list[list[Any]]
    refused: dict[UUID, InvalidArgument]
    keys: Keys


class TellingMany:
    """Makes rows of the outbox.

    Args:
        outbox: Of the database.
        facts: Events by the row they tell of, in their order.

    Attributes:
        keyed: Whether something of them is sealed, so that the statement has to prove keys.
    """

    def __init__(self, outbox: Outbox, facts: Mapping[UUID, Event]) -> None:
        self._outbox = outbox
        self._facts = facts
        self.keyed = any(outbox.seals(one) for one in facts.values())

    async def sent(self, given: Keys) -> Told:
        """What is sent along.

        Args:
            given: What the rows are sealed by, new keys among them.

        Raises:
            HanseError: As `Outbox.written`, but what is wrong with one event.
        """
        keys, rows = dict(given), list[tuple[Any, ...]]()
        refused: dict[UUID, InvalidArgument] = {}
        for uuid, fact in self._facts.items():
            try:
                written = await self._outbox.written(fact, keys)
            except InvalidArgument as error:
                refused[uuid] = error
            else:
                keys |= written.proof.keys if written.proof is not None else {}
                rows.append((uuid, *written.row))
        columns = [list(column) for column in zip(*rows, strict=True)]
        return Told(columns, refused, keys)


def also_telling_many(text: str) -> str:
    """The statement of a collection that writes many new rows, with their events.

    They are numbered when all rows are written, in the order they are given.

    Args:
        text: Writes as `made`, and then answers.
    """
    first = max(int(number) for number in _ARGUMENT.findall(text)) + 1
    types = ("uuid", "uuid", "smallint", "text", "bytea")
    given = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(types, first))
    writing, _, answering = text.partition(_ANSWER)
    columns = ", ".join(f"e.{name}" for name in COLUMNS.split(", "))
    return (
        f"{writing}, told as (insert into hanse.outbox ({COLUMNS}) select {columns} "
        f"from unnest({given}) with ordinality as e (written, {COLUMNS}, n) "
        f"join made on made.id = e.written order by e.n){_ANSWER}{answering}"
    )
