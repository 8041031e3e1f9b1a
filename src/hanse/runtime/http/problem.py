"""Errors as the outside sees them: RFC 9457 problems with stable codes."""

from __future__ import annotations

from typing import Any

import msgspec

from hanse.runtime.errors import HanseError, InvalidArgument, Violation
from hanse.runtime.http.message import Response

PROBLEM = b"content-type: application/problem+json\r\n"

HIDDEN = "The service failed; its log has the cause under this trace."
"""What the outside reads of every fault of ours, whatever the error itself says."""


class Problem(msgspec.Struct, omit_defaults=True):
    """The body. `fields` holds what the error declares, `violations` what the request broke."""

    type: str
    title: str
    status: int
    code: str
    detail: str = ""
    trace_id: str = ""
    violations: tuple[Violation, ...] = ()
    fields: dict[str, Any] = {}


def problem(error: HanseError, trace_id: str = "") -> Response:
    """The response for an error."""
    body = Problem(
        type=f"urn:hanse:error:{error.code}",
        title=error.title,
        status=error.status,
        code=error.code,
        detail=HIDDEN if error.log else error.detail,
        trace_id=trace_id,
        violations=error.violations if isinstance(error, InvalidArgument) else (),
        fields={} if error.log else _declared_fields(error),
    )
    head = PROBLEM + retry_after(error) + challenge(error)
    return Response(error.status, head, msgspec.json.encode(body))


def retry_after(error: HanseError) -> bytes:
    seconds = getattr(error, "retry_after", None)
    return b"" if seconds is None else b"retry-after: %d\r\n" % seconds


def challenge(error: HanseError) -> bytes:
    """What a 401 must say besides (RFC 9110, 15.5.2)."""
    return b"www-authenticate: Bearer\r\n" if error.status == 401 else b""


def _declared_fields(error: HanseError) -> dict[str, Any]:
    fields: dict[str, Any] = msgspec.to_builtins(error.fields())
    for known in ("violations", "retry_after"):
        fields.pop(known, None)
    return fields
