"""`Event`: what a collection and a service take when they tell what has happened."""

from __future__ import annotations

from typing import Any, ClassVar

from hanse.runtime.data.entity.entity import Frozen


class Event(Frozen, frozen=True):
    """Something that has happened: subclass it, and decorate with `@event`.

    It is named in the past tense, never changes, and holds what its readers need to know of it.
    Readers ignore fields they do not know; a new one has a default, so that older events have it.
    """

    __event__: ClassVar[Any]
