"""A method without side effects at its Connect address by GET, as caches and browsers like it."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from hanse.runtime.errors import InvalidArgument, Violation
from hanse.runtime.http.refusal import BodyTooLarge, UnsupportedMediaType
from hanse.runtime.server.arguments import query_pairs
from hanse.runtime.server.connect import ConnectRpc, check_coding

if TYPE_CHECKING:
    from hanse.runtime.contract.method import Method
    from hanse.runtime.http.message import Request

_OURS = frozenset({"connect", "base64", "compression", "encoding", "message"})
_BASE64_URL = re.compile(r"[A-Za-z0-9_-]*={0,2}")


class ConnectGet(ConnectRpc):
    """`GET /crm.v1.Contacts/Find?connect=v1&encoding=json&message={…}`, else as by POST.

    See connectrpc.com/docs/protocol, "Unary-Get-Request". Parameters that are none of Connect's are
    allowed there, so that whoever sits between may add some; they are not read.
    """

    __slots__ = ()

    def _arguments(self, request: Request) -> Any:
        return self._read_strictly(_message(request.query, self.max_body))


def can_be_got(method: Method) -> bool:
    """Whether GET may call a method: it has no side effects, and answers once."""
    if method.route is None or method.signature.streams:
        return False
    return method.route.verb == "GET" and method.idempotent


def _message(query: bytes, bytes_max: int) -> bytes:
    """The arguments' JSON out of a query."""
    given = _parameters(query)
    if given.get("connect", "v1") != "v1":
        raise _refused("connect", "v1", "`connect` is the protocol's version; it is v1.")
    if "encoding" not in given:
        raise _refused("encoding", "required", "`encoding` is missing; add encoding=json.")
    if given["encoding"] != "json":
        raise UnsupportedMediaType("Send the message as JSON, with encoding=json.")
    check_coding(given.get("compression", "").encode())
    if "message" not in given:
        raise _refused("message", "required", "`message` is missing; give it the JSON.")
    text = given["message"]
    message = _from_base64(text) if given.get("base64") == "1" else text.encode()
    if len(message) > bytes_max:
        raise BodyTooLarge.over(bytes_max)
    return message


def _parameters(query: bytes) -> dict[str, str]:
    given: dict[str, str] = {}
    for name, value in query_pairs(query):
        if name in given and name in _OURS:
            raise _refused(name, "duplicate", f"`{name}` comes twice; keep one.")
        given[name] = value
    return given


def _from_base64(text: str) -> bytes:
    unpadded = text.rstrip("=")
    if not _BASE64_URL.fullmatch(text) or len(unpadded) % 4 == 1:
        message = "`message` is not base64 of the URL's alphabet (RFC 4648, 5); leave base64 out?"
        raise _refused("message", "base64", message)
    return base64.urlsafe_b64decode(unpadded + "=" * (-len(unpadded) % 4))


def _refused(name: str, rule: str, message: str) -> InvalidArgument:
    return InvalidArgument(message, violations=(Violation(name, rule, message),))
