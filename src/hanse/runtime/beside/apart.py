"""Has Alembic leave alone what is the host's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

OURS = "hanse"


def apart(*schemas: str) -> Callable[[str | None, str, Mapping[Any, str | None]], bool]:
    """What Alembic's autogenerate looks at: all but the host's schema.

        context.configure(..., include_schemas=True, include_name=apart())

    Args:
        schemas: Others that are not the app's: those of entities and stores of the host.
    """
    left_alone = {OURS, *schemas}

    def include_name(name: str | None, kind: str, parent_names: Mapping[Any, str | None]) -> bool:
        schema = name if kind == "schema" else parent_names.get("schema_name")
        return schema not in left_alone

    return include_name
