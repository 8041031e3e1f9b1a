"""All rules there are, by their ids."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.rules import (
    documents,
    enums,
    errors,
    events,
    fields,
    idempotency,
    methods,
    permissions,
    settings,
    types,
    validation,
    workflows,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.catalog.compatibility.finding import Rule

_NOUNS = (
    methods, permissions, idempotency, errors, fields, types, enums, validation, events, documents,
    workflows, settings,
)  # fmt: skip

EVERY_RULE: Mapping[str, Rule] = {rule.id: rule for noun in _NOUNS for rule in noun.RULES}
