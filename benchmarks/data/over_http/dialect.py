"""How each contestant wants to be asked over HTTP: paths and rows are alike, the rest is theirs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

from hanse.kit.type_id import type_id

if TYPE_CHECKING:
    import uuid
    from collections.abc import Iterable

PATH = "/crm/v1/contacts"


class Dialect(Protocol):
    """The words of one contestant."""

    def id_text(self, number: uuid.UUID) -> str:
        """As it stands in paths and answers."""
        ...

    def change(self, fields: Iterable[str]) -> str:
        """The path's end for a change of these fields; the revision is added to it."""
        ...

    def question(self, stage: str, since: str, limit: int) -> dict[str, Any]:
        """The body of a query."""
        ...

    def found(self, answer: Any) -> list[Any]:
        """The contacts in a query's answer."""
        ...


class SQLAlchemyDialect:
    """A query of its own for the one thing that is asked: less to read than any language."""

    def id_text(self, number: uuid.UUID) -> str:
        return str(number)

    def change(self, fields: Iterable[str]) -> str:
        """What is in the body is changed, as FastAPI's documentation does it."""
        del fields
        return "?revision="

    def question(self, stage: str, since: str, limit: int) -> dict[str, Any]:
        return {"stage": stage, "seen_since": since, "limit": limit}

    def found(self, answer: Any) -> list[Any]:
        return answer["contacts"]


class HanseDialect:
    """TypeIDs, an update mask, the query language."""

    def id_text(self, number: uuid.UUID) -> str:
        return type_id("contact", number.int)

    def change(self, fields: Iterable[str]) -> str:
        mask = "".join(f"update_mask={name}&" for name in fields)
        return f"?{mask}revision="

    def question(self, stage: str, since: str, limit: int) -> dict[str, Any]:
        wanted = {"stage": stage, "last_seen": {"$gte": since}}
        return {"filter": wanted, "sort": ["last_seen"], "page_size": limit}

    def found(self, answer: Any) -> list[Any]:
        return answer["items"]


def compact(value: Any) -> bytes:
    """JSON as most programs send it."""
    return json.dumps(value, separators=(",", ":")).encode()
