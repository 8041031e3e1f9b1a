"""A method of `Ofrep` at its address: ETags of answers to POST, errors as the protocol has them.

See openfeature.dev/docs/reference/other-technologies/ofrep/openapi.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from hanse.runtime.http.message import JSON, Response
from hanse.runtime.http.negotiate import matches
from hanse.runtime.http.problem import HIDDEN, challenge, retry_after
from hanse.runtime.server.rpc import RestRpc

if TYPE_CHECKING:
    from hanse.runtime.errors import HanseError
    from hanse.runtime.http.message import Request

_PATH = "/ofrep/v1/evaluate/flags/"


class OfrepRpc(RestRpc):
    """Answers by OFREP."""

    __slots__ = ()

    def _answered(self, body: Any, request: Request) -> Response:
        tag = b'"' + hashlib.blake2b(body, digest_size=12).hexdigest().encode() + b'"'
        own = b"etag: " + tag + b"\r\n"
        if matches(request.headers.get(b"if-none-match", b""), tag):
            return Response(304, own=own)
        return Response(200, JSON, body, own=own)

    def _failed(self, error: HanseError, trace_id: str, request: Request) -> Response:
        del trace_id  # the protocol has no place for it
        told: dict[str, str] = {"errorDetails": HIDDEN if error.log else error.detail}
        path = request.path.decode("latin-1")
        if path.startswith(_PATH):
            told["key"] = unquote(path.removeprefix(_PATH))
        if error.code == "flag_not_found":
            told["errorCode"] = "FLAG_NOT_FOUND"
        elif error.status < 500:
            violations = getattr(error, "violations", ())
            in_context = bool(violations) and violations[0].field.startswith("context")
            told["errorCode"] = "INVALID_CONTEXT" if in_context else "PARSE_ERROR"
            if error.status not in {400, 413}:
                told["errorCode"] = "GENERAL"
        return Response(
            error.status, JSON + retry_after(error) + challenge(error), msgspec.json.encode(told)
        )
