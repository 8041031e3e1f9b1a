"""A form with files, read as it comes (RFC 7578; HTML, "multipart/form-data")."""

from __future__ import annotations

import importlib
import re
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from hanse.runtime.data.files.failures import FileRefused, FileTooLarge
from hanse.runtime.http.refusal import BodyTooLarge, UnsupportedMediaType
from hanse.runtime.server.arguments import refused
from hanse.runtime.server.pages.form_fields import FIELDS_MAX, KIND, pairs
from hanse.runtime.server.second_look import NAME_LENGTH_MAX

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, AsyncIterator, Mapping

    from hanse.runtime.contract.file import FileField
    from hanse.runtime.data.files.files import Files
    from hanse.runtime.http.message import Request
    from hanse.runtime.server.transfers.taking import Received

HEADERS_MAX = 8
HEADER_BYTES_MAX = 4096

_KIND = re.compile(
    rb"multipart/form-data[ \t]*;[ \t]*boundary=(?:\"([!-~]{1,70})\"|([!#-+\--:<>-~]{1,70}))"
    rb"[ \t]*",
    re.IGNORECASE,
)
"""RFC 2046, 5.1.1: a boundary has 70 characters at most."""

_AS_IT_IS = {None, "7bit", "8bit", "binary"}


class FormReceiver:
    """Takes in forms of one method.

    Args:
        files: Keeps what comes.
        fields: Which files, by name.
        max_body: Bytes of all that is no file.
        tells: Whether their method says itself which files were not taken.
    """

    def __init__(
        self, files: Files, fields: Mapping[str, FileField], max_body: int, *, tells: bool
    ) -> None:
        self._files = files
        self._tells = tells
        self._fields = fields
        self._max_body = max_body

    async def receive(self, request: Request, form: Received) -> None:
        """Reads a form to its end; what it has kept so far is in `form` whatever happens.

        Raises:
            HanseError: It cannot be read, or a file is not taken.
        """
        given = request.headers.get(b"content-type", b"")
        if given.partition(b";")[0].strip().lower() == KIND or not given:
            await self._receive_texts(request, form)
            return
        found = _KIND.fullmatch(given.strip(b" \t"))
        if found is None:
            raise UnsupportedMediaType(
                'A form with files is sent as multipart/form-data: <form method="post" '
                'enctype="multipart/form-data">.'
            )
        length = request.headers.get(b"content-length")
        parser = _parser(found[1] or found[2], -1 if length is None else int(length))
        async with aclosing(_events(parser, request)) as events:
            async for segment in events:
                await self._receive_part(segment, events, form)

    async def _receive_texts(self, request: Request, form: Received) -> None:
        """A form as it is without files, where none was chosen and its enctype is left out."""
        body = bytearray()
        async for piece in request.pieces():
            body += piece
            if len(body) > self._max_body:
                raise BodyTooLarge.over(self._max_body)
        request.body = bytes(body)
        form.pairs = pairs(request)

    async def _receive_part(
        self, segment: Any, events: AsyncGenerator[Any, None], form: Received
    ) -> None:
        name = _checked(segment)
        field = self._fields.get(name)
        if field is None and segment.filename is not None:
            raise refused(name, "unknown", f"There is no file `{name}`; take it out.")
        if field is None:
            form.pairs.append((name, await self._text(events, form)))
            return
        content = _content(events)
        first = await anext(content, b"")
        if not first and not segment.filename:
            return  # an input in which nothing was chosen
        if segment.filename is None:
            raise refused(name, "file", f'`{name}` is a file; send it by <input type="file">.')
        if name in form.files or name in form.refused:
            raise refused(name, "duplicate", f"`{name}` comes twice; keep one.")
        pieces = _with_first(first, content)
        try:
            file = await self._files.take(form.site, segment.filename, pieces, field.accepts)
        except (FileRefused, FileTooLarge) as error:
            if not self._tells:
                raise
            form.refused[name] = error.code
            async for _ in content:  # the rest of it, as more of the form may follow
                pass
        else:
            form.files[name] = file

    async def _text(self, events: AsyncGenerator[Any, None], form: Received) -> str:
        room = self._max_body - sum(len(name) + len(value) for name, value in form.pairs)
        raw = bytearray()
        async for piece in _content(events):
            raw += piece
            if len(raw) > room:
                raise BodyTooLarge.over(self._max_body)
        if b"\0" in raw:
            raise refused("", "text", "A form holds text, in which no character is U+0000.")
        try:
            return raw.decode()
        except UnicodeDecodeError:
            raise _unreadable("a text is no UTF-8") from None


def _parser(boundary: bytes, length: int) -> Any:
    return _library().PushMultipartParser(
        boundary,
        content_length=length,
        max_header_size=HEADER_BYTES_MAX,
        max_header_count=HEADERS_MAX,
        max_segment_count=FIELDS_MAX,
    )


def _library() -> Any:
    """By name, as python-multipart may stand in its place for a checker, and leads here."""
    return importlib.import_module("multipart")


async def _events(parser: Any, request: Request) -> AsyncGenerator[Any, None]:
    """Of each part its head, its bytes as they come, and None at its end.

    What stands before the first part and behind the last is nobody's (RFC 2046, 5.1.1).
    """
    try:
        async for piece in request.pieces():
            for event in parser.parse(piece):
                yield event
        parser.close()
    except _library().MultipartError as error:
        raise _unreadable(str(error)) from None


async def _content(events: AsyncGenerator[Any, None]) -> AsyncIterator[bytes]:
    async for event in events:
        if event is None:
            return
        yield event


async def _with_first(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if first:
        yield first
    async for piece in rest:
        yield piece


def _checked(segment: Any) -> str:
    """The name of a part, if all that is said of it holds."""
    dispositions = [name for name, _ in segment.headerlist if name == "Content-Disposition"]
    if len(dispositions) > 1 or not segment.name:
        raise _unreadable("a part is no field with a name")
    name = segment.name[:NAME_LENGTH_MAX]
    encoding = segment.header("Content-Transfer-Encoding")
    if (segment.charset or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise _unreadable(f"`{name}` is not in UTF-8")
    if (encoding and encoding.lower()) not in _AS_IT_IS:
        raise _unreadable(f"`{name}` is encoded; send it as it is")
    return segment.name


def _unreadable(why: str) -> Exception:
    return refused("", "form", f"The form cannot be read: {why[:100]}.")
