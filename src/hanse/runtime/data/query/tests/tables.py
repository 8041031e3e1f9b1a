"""A table of deals in the database, and how tests fill and page it."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from hanse.runtime.data.query.planner import Planner
from hanse.runtime.data.query.query import Query
from hanse.runtime.data.query.tests.conftest import Asker
from hanse.runtime.data.query.tests.deals import FIELDS, SOURCE, index
from hanse.runtime.data.query.tests.evaluator import Item

SITE, OTHER = "acme", "globex"
FILL = """
    insert into deals (site_id, id, revision, create_time, doc)
    select $1, id, revision, created, doc::jsonb
    from unnest($2::uuid[], $3::bigint[], $4::timestamptz[], $5::text[]) row(id, revision, created, doc)
"""


def token_of(text: str, site: str = SITE) -> str:
    """What stands for a sealed text, another one on each site; the empty text for itself."""
    return hashlib.sha256(f"{site} {text}".encode()).hexdigest()[:22] if text else ""


def stored(doc: dict[str, Any], site: str) -> dict[str, Any]:
    """A document as a table has it, with what is blind sealed, so that its text is not there."""
    nick = doc.get("nick")
    return {**doc, "nick": f"~{token_of(nick, site)}.sealed"} if nick else doc


def fill(deals: Asker, site: str, items: list[Item]) -> None:
    docs = [msgspec.json.encode(stored(item.doc, site)).decode() for item in items]
    deals.fetch(
        FILL,
        site,
        [item.id for item in items],
        [item.revision for item in items],
        [item.create_time for item in items],
        docs,
    )


def planner(sort: tuple[str, ...]) -> Planner:
    """One that serves an order; what indexes do for it is another test's business."""
    return Planner(FIELDS, [index(*sort)] if sort else [], SOURCE)


def pages(deals: Asker, asked: Planner, query: Query) -> list[list[Any]]:
    found, cursor = [], ""
    while True:
        plan = asked.plan(msgspec.structs.replace(query, cursor=cursor), token_of)
        [row] = deals.fetch(plan.text, SITE, *plan.parameters)
        found.append((row["ids"] or [])[: plan.page_size])
        cursor = plan.cursor(row)
        if not cursor:
            return found
        assert len(found) < 1000, "it goes round in a circle"
