"""The inbox as HTML."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape

from hanse.runtime.mail.inbox.place import HOME

if TYPE_CHECKING:
    from hanse.runtime.data.collection.outcome import Page
    from hanse.runtime.mail.stored import StoredLetter

FOLDER = Path(__file__).parent / "templates"
STYLE = FOLDER / "inbox.css"

_ADDRESS = re.compile(r"https?://[^\s<>\"']+[^\s<>\"'.,;:!?)\]]")


class Views:
    """Its one page, with or without a letter."""

    def __init__(self) -> None:
        environment = Environment(
            loader=FileSystemLoader(FOLDER),
            autoescape=True,
            undefined=StrictUndefined,
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.filters["linked"] = linked
        self._page = environment.get_template("inbox.html")

    def page(
        self, shown: Page[StoredLetter], letter: StoredLetter | None, *, missing: bool = False
    ) -> str:
        """The list, and a letter.

        Args:
            shown: Of the list.
            letter: The one that is open; None for none.
            missing: Whether one was asked for that is not there.
        """
        given: dict[str, Any] = {"home": HOME, "letters": shown.items, "next": shown.next_cursor}
        return self._page.render(given, letter=letter, missing=missing)


def linked(text: str) -> Markup:
    """A text with its addresses as links; all else of it is escaped."""
    parts: list[str] = []
    end = 0
    for found in _ADDRESS.finditer(text):
        address = escape(found[0])
        parts += [
            escape(text[end : found.start()]),
            f'<a href="{address}" target="_blank" rel="noopener noreferrer">{address}</a>',
        ]
        end = found.end()
    parts.append(escape(text[end:]))
    return Markup("".join(parts))  # noqa: S704  each part of it was escaped above
