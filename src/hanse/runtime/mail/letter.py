"""`Letter` and `@letter`: a kind of letter, read once when its class is made."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, dataclass_transform

import msgspec

from hanse.runtime.contract.mistakes import Mistakes

if TYPE_CHECKING:
    from collections.abc import Callable

L = TypeVar("L", bound="Letter")

_PATH = re.compile(r"([a-z0-9][a-z0-9_-]*/)*[a-z][a-z0-9_-]*")


class LetterModel(msgspec.Struct, frozen=True):
    """What was read of a kind of letter.

    Attributes:
        cls: Its class.
        folder: Where its templates lie; None where its module has no file.
        name: What they are called, without an ending.
        fields: What they may ask for.
    """

    cls: type[Any]
    folder: Path | None
    name: str
    fields: frozenset[str]


@dataclass_transform(frozen_default=True, field_specifiers=(msgspec.field,))
class _Frozen(msgspec.Struct, frozen=True):
    """Tells type checkers that who subclasses a letter need not say that it is frozen."""


class Letter(_Frozen, frozen=True):
    """What is said in a letter of one kind: subclass it, and decorate with `@letter`.

    Its fields are what its templates may ask for.
    """

    __letter__: ClassVar[LetterModel]


def letter(templates: str) -> Callable[[type[L]], type[L]]:
    """Says which templates make a letter.

        @letter("letters/receipt")
        class Receipt(Letter):
            name: str
            job: str

    `letters/receipt.txt` begins with a line `Subject: …` and an empty one, and then is the text.
    `letters/receipt.html` says the same as HTML, where there is such a file. `receipt.de.txt` and
    `receipt.de.html` are the same in German. All are Jinja's, and what stands in HTML is escaped.

    Args:
        templates: Where they lie, beside the module of the class, without an ending.

    Raises:
        DeclarationError: When the class is made, with every mistake in it.
    """

    def declare(cls: type[L]) -> type[L]:
        with Mistakes(f"Letter {cls.__name__}").collecting() as mistakes:
            if not _PATH.fullmatch(templates):
                what = f"has no templates at {templates!r}"
                mistakes.add(cls.__name__, what, 'write it like @letter("letters/receipt")')
            folder, _, name = templates.rpartition("/")
            home = getattr(sys.modules.get(cls.__module__), "__file__", None)
            place = Path(home).parent / folder if home else None
            fields = frozenset(cls.__struct_fields__)
            cls.__letter__ = LetterModel(cls, place, name, fields)
        return cls

    return declare


def letter_of(cls: type[Any]) -> LetterModel | None:
    """What was read of a kind of letter; None if the class is none."""
    return vars(cls).get("__letter__")
