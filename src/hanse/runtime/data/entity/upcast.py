"""`@upcast`: takes a document from one shape to the next, so that old ones can be read for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from hanse.runtime.contract.mistakes import Mistakes
from hanse.runtime.data.entity.entity import Entity, entity_of

if TYPE_CHECKING:
    from collections.abc import Callable

    Upcaster: TypeAlias = Callable[[dict[str, Any]], dict[str, Any]]


def upcast(cls: type[Entity], shape: int) -> Callable[[Upcaster], Upcaster]:
    """Says how a document of one shape becomes one of the next.

        @upcast(Contact, 1)
        def split_name(document: dict[str, Any]) -> dict[str, Any]:
            first, _, last = document["name"].partition(" ")
            return document | {"first_name": first, "last_name": last}

    It is applied when a document is read, and stored when it is written. What it is given is plain
    data as it stands in JSON. Two releases run at once, and the older one reads what the newer
    one wrote: so leave in what the older one needs, and take it out one release later. For the
    same reason a query sees the fields of a document as it is stored, until `Backfill` is through.

    Args:
        cls: The entity.
        shape: The shape it takes a document from. The first is 1, and each follows the one before.

    Raises:
        DeclarationError: There is one of this shape already, or none of the shape before.
    """

    def declare(function: Upcaster) -> Upcaster:
        model = entity_of(cls)
        with Mistakes(f"Entity {cls.__name__}").collecting() as mistakes:
            if shape != model.shape:
                what = f"takes documents of shape {shape}, and {model.shape} is the newest"
                mistakes.add(function.__name__, what, f"@upcast({cls.__name__}, {model.shape})")
            else:
                model.upcasters[shape] = function
                model.shape = max(model.upcasters) + 1
        return function

    return declare
