"""Arguments of pages and forms that come from cookies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.contract.pages.cookie import COOKIES_BYTES_MAX, VALUE, cookies_in
from hanse.runtime.http.refusal import HeadersTooLarge
from hanse.runtime.server.arguments import refused
from hanse.runtime.server.strict import is_sendable

if TYPE_CHECKING:
    from hanse.runtime.http.message import Request


class CookieArguments:
    """Those arguments of a method that come from cookies.

    Args:
        request_type: All its arguments.

    Attributes:
        names: Of the arguments.
    """

    __slots__ = ("_fields", "names")

    def __init__(self, request_type: type[msgspec.Struct]) -> None:
        fields = msgspec.structs.fields(request_type)
        self._fields = {
            cookie.name.encode(): field for field in fields for cookie in cookies_in(field.type)
        }
        self.names = frozenset(field.name for field in self._fields.values())

    def read(self, request: Request) -> dict[str, str]:
        """Their texts by name, of those that are there and, where one has a default, fit.

        Raises:
            HeadersTooLarge: All cookies together are over the limit.
            InvalidArgument: One that has no default is there and cannot be read.
        """
        header = request.headers.get(b"cookie", b"")
        if not self._fields or not header:
            return {}
        if len(header) > COOKIES_BYTES_MAX:
            raise HeadersTooLarge(
                f"The cookies of this site may have {COOKIES_BYTES_MAX} bytes together; delete "
                "some in the settings of the browser.",
                limit_bytes=COOKIES_BYTES_MAX,
            )
        return self._texts(header)

    def _texts(self, header: bytes) -> dict[str, str]:
        raw, twice = self._raw(header)
        texts: dict[str, str] = {}
        for name, value in raw.items():
            field = self._fields[name]
            text = value.decode("latin-1")
            wrong = _wrong(text, name.decode(), twice=name in twice)
            if field.required and wrong:
                raise refused(field.name, "cookie", wrong)
            if not wrong and (field.required or _fits(text, field.type)):
                texts[field.name] = text
        return texts

    def _raw(self, header: bytes) -> tuple[dict[bytes, bytes], set[bytes]]:
        """The values that are wanted, and which names have two."""
        raw: dict[bytes, bytes] = {}
        twice: set[bytes] = set()
        for part in header.split(b";"):
            name, _, value = part.partition(b"=")
            name, value = name.strip(b" \t"), value.strip(b" \t")
            if name in self._fields and raw.setdefault(name, value) != value:
                twice.add(name)
        return raw, twice


def _wrong(text: str, name: str, *, twice: bool) -> str:
    """What is wrong with a cookie whatever its type; empty for nothing."""
    if twice:  # of a neighbour's making: which of the two is ours nobody can tell
        return f"The cookie {name} comes twice, with two values; delete it in the browser."
    if not VALUE.fullmatch(text):
        return f"The cookie {name} has characters that no cookie has; delete it in the browser."
    return ""


def _fits(text: str, kind: Any) -> bool:
    try:
        value = msgspec.convert(text, kind, strict=False)
    except msgspec.ValidationError:
        return False
    return value is not None and is_sendable(value)
