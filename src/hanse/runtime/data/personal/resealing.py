"""Rewrites rows in which something is sealed, or should be: opened, brought up, sealed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.data.entity.expression import inside, quoted
from hanse.runtime.data.personal.keys_used import proof_parts, proven
from hanse.runtime.data.personal.sealed_text import STORED
from hanse.runtime.data.personal.sealing import Sealing

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.data.database import Database
    from hanse.runtime.data.entity.model import EntityModel

TRIES = 3
"""How often a row is sealed, if a key of its person is gone each time it is written."""


class Resealing:
    """Rewrites one row at a time, of any site.

    Args:
        model: What was read of the entity.
        database: Where it is stored.
    """

    def __init__(self, model: EntityModel, database: Database) -> None:
        self._database = database
        self._sealing = Sealing(model, database.keys)
        # $1 site, $2 id, $3 document, $4 revision, $5 shape: as it was read, or it is another's.
        self._write = (
            f"with {proof_parts(6)}, changed as (update {model.full_table} "
            f"set doc = $3::jsonb, shape = {model.shape} where site_id = $1 and id = $2 "
            f"and revision = $4 and shape = $5 and {proven(6)} returning 1) "
            f"select exists (select from changed) as done, {proven(6)} as sealed"
        )

    async def rewrite(self, row: Any, lifted: Callable[[Any], bytes]) -> bool:
        """Writes a row anew; whether it did, and nobody was faster.

        Args:
            row: With its site.
            lifted: Makes the document to be stored, both in clear, of one that is opened.

        Raises:
            HanseError: As `Sealing.loaded`, or what `lifted` raises.
        """
        site = row["site_id"]
        for _ in range(TRIES):
            loaded = await self._sealing.loaded(site, row)
            if loaded is None:
                return False
            place = self._sealing.place(site, row["id"])
            opened, foreign = loaded
            documents = {place: lifted(opened)}
            (body,), proof = await self._sealing.whole(site, documents, foreign=foreign)
            answer = await self._database.fetch_row(
                self._write,
                *(site, row["id"], body, row["revision"], row["shape"], *proof.arguments),
            )
            assert answer is not None, "it always answers"
            if answer["done"]:
                self._sealing.proven(site, proof)
                return True
            await self._sealing.doubted([place], proof)
            if answer["sealed"]:
                return False
        return False


def in_clear(model: EntityModel) -> str:
    """Whether something stands in clear in a document and is to be sealed, as SQL."""
    texts = (inside("doc", leaf.path, "->>") for leaf in model.sealed)
    return " or ".join(f"coalesce({text}, '') !~ {quoted(STORED)}" for text in texts) or "false"
