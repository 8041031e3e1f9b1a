"""Methods that a host calls by itself: what decorators of higher layers leave for their class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from hanse.runtime.contract.declaration import DECLARATION
from hanse.runtime.contract.pages.page import PAGE

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.contract.mistakes import Mistakes

READER = "__hanse_unasked__"
"""The attribute of a function by which its class finds what a decorator left."""


class UnaskedReader(Protocol):
    """What a decorator leaves on a method: it is read when the class is made."""

    def read(
        self, function: Callable[..., Any], name: str, service: str, mistakes: Mistakes
    ) -> Any | None:
        """What the host is to know of the method; None after its mistakes were noted.

        Args:
            function: The method.
            name: How its class calls it.
            service: Full name of the service, e.g. `hiring.v1.Notices`.
            mistakes: What is wrong with the class.
        """
        ...


def declares_unasked(cls: type) -> bool:
    """Whether a class has such methods."""
    return bool(_declared(cls))


def read_unasked(cls: type, service: str, mistakes: Mistakes) -> tuple[Any, ...]:
    """What is to be known of all such methods of a class, its parents' included."""
    found: list[Any] = []
    for name, function in _declared(cls).items():
        if hasattr(function, DECLARATION) or hasattr(function, PAGE):
            what = "is called by others and by its host"
            mistakes.add(f"{cls.__name__}.{name}", what, "write two methods")
            continue
        reader: UnaskedReader = getattr(function, READER)
        found.append(reader.read(function, name, service, mistakes))
    return tuple(one for one in found if one is not None)


def _declared(cls: type) -> dict[str, Any]:
    members = {
        name: value for parent in reversed(cls.__mro__) for name, value in vars(parent).items()
    }
    return {name: value for name, value in members.items() if hasattr(value, READER)}
