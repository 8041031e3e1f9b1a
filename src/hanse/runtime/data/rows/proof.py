"""Proves that the statements of stores keep to their sites, before any of them runs."""

from __future__ import annotations

from functools import lru_cache, partial
from typing import TYPE_CHECKING

from hanse.runtime.contract.mistakes import Mistakes
from hanse.runtime.data.rows.answers import Answer
from hanse.runtime.data.rows.store import Planned, Store, statements_of

if TYPE_CHECKING:
    from collections.abc import Mapping


@lru_cache(maxsize=1024)  # classes do not change
def prove(store: type[Store]) -> Mapping[str, Planned]:
    """What a store may run, by the names of its statements.

    Raises:
        DeclarationError: A statement is wrong; with everything that is, and the remedies.
    """
    # What it takes to read SQL is much, and most who import this have nothing to prove.
    from hanse.runtime.data.rows.checked import check
    from hanse.runtime.data.rows.sites import Owned

    plan: dict[str, Planned] = {}
    owned = Owned(store.schema, store.shared)
    with Mistakes(f"Store {store.__name__}").collecting() as mistakes:
        for statement in statements_of(store):
            where = f"{store.__name__}.{statement.name}"
            note = partial(mistakes.add, where)
            checked = check(statement.text, owned, statement.rows, note)
            if checked is None:
                continue
            if checked.answers and statement.kind is None:
                mistakes.add(where, "gives rows", "declare what they are: sql(…, int), or a struct")
            if not checked.answers and statement.kind is not None:
                mistakes.add(where, "gives no rows", "add returning, or declare no type")
            plan[statement.name] = Planned(checked, Answer(statement.kind or int))
    return plan
