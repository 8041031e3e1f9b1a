"""`Inbox`: pages that show what was mailed, for whoever develops on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from hanse.runtime.contract.pages.document import Document
from hanse.runtime.contract.pages.html import Html
from hanse.runtime.contract.pages.page import page
from hanse.runtime.contract.rules import Length
from hanse.runtime.contract.service import Service
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.errors import InvalidArgument, NotFound
from hanse.runtime.identity.permission import PUBLIC
from hanse.runtime.mail.inbox.place import HOME
from hanse.runtime.mail.inbox.views import STYLE, Views
from hanse.runtime.mail.stored import StoredLetter

if TYPE_CHECKING:
    from hanse.runtime.data.collection.outcome import Page

SHOWN = 50

POLICY = (
    "default-src 'none'; style-src 'self'; frame-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)

LETTER_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'"
)
"""A letter's HTML runs nothing, loads nothing and sends nothing, in its frame and by itself."""

Id = Annotated[str, Length(1, 100)]
Cursor = Annotated[str, Length(0, 2000)]


class Inbox(Service, package="hanse_inbox.v1"):
    """Shows letters that were kept instead of being sent, newest first, each site its own.

    They are for who sits here, and nobody signs in: so it answers to names of this machine alone.
    """

    def __init__(self, letters: Collection[StoredLetter]) -> None:
        self._letters = letters
        self._views = Views()

    @page(f"{HOME}/", allow=PUBLIC, local=True)
    async def all(self, after: Cursor = "") -> Html:
        """The list."""
        return Html(self._views.page(await self._page(after), None), policy=POLICY)

    @page(f"{HOME}/letters/{{letter}}", allow=PUBLIC, local=True)
    async def one(self, letter: Id, after: Cursor = "") -> Html:
        """A letter, and the list beside it."""
        found = await self._get(letter)
        status = 200 if found is not None else 404
        shown = await self._page(after)
        text = self._views.page(shown, found, missing=found is None)
        return Html(text, status, POLICY)

    @page(f"{HOME}/letters/{{letter}}/html", allow=PUBLIC, local=True)
    async def html(self, letter: Id) -> Html:
        """The HTML of a letter, by itself; the page has it in a frame."""
        found = await self._get(letter)
        if found is None or not found.written.html:
            return Html("<!doctype html><title>No HTML</title>", 404, LETTER_POLICY)
        return Html(found.written.html, policy=LETTER_POLICY)

    @page(f"{HOME}/letters.json", allow=PUBLIC, local=True)
    async def json(self, after: Cursor = "") -> Document:
        """The list for programs."""
        shown = await self._page(after)
        letters = [
            {"id": one.id, "create_time": one.create_time, **msgspec.structs.asdict(one.written)}
            for one in shown.items
        ]
        body = msgspec.json.encode({"letters": letters, "next": shown.next_cursor})
        return Document(body.decode(), "application/json")

    @page(f"{HOME}/style.css", allow=PUBLIC, local=True)
    async def style(self) -> Document:
        """The style sheet."""
        return Document(STYLE.read_text(encoding="utf-8"), "text/css")

    async def _page(self, after: str) -> Page[StoredLetter]:
        return await self._letters.query({}, sort=("-create_time",), page_size=SHOWN, cursor=after)

    async def _get(self, letter: str) -> StoredLetter | None:
        try:
            return await self._letters.get(letter)
        except (NotFound, InvalidArgument):
            return None
