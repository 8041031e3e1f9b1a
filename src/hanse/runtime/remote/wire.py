"""How a call looks between hosts: Connect unary with our context in one header beside W3C's."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.clock import monotonic_ns
from hanse.runtime.call.endpoint import LOGGED
from hanse.runtime.errors import KINDS, HanseError, Internal, Unavailable, rebuilt
from hanse.runtime.remote.frames import Ask
from hanse.runtime.telemetry.trace_context import format_traceparent

if TYPE_CHECKING:
    from hanse.runtime.call.context import Call
    from hanse.runtime.contract.method import Method

CONTEXT_HEADER = b"hanse-context"


class ErrorDetail(msgspec.Struct, omit_defaults=True):
    """What Connect's error has no place for: our code and the declared fields."""

    code: str = ""
    fields: msgspec.Raw = msgspec.Raw(b"{}")


class Detail(msgspec.Struct):
    """One entry of `details`. Clients with protobuf read `value`, people and we read `debug`."""

    type: str
    value: str = ""
    debug: ErrorDetail | None = None


class ErrorBody(msgspec.Struct, omit_defaults=True):
    """A Connect error (connectrpc.com/docs/protocol, "Error end-stream")."""

    code: str
    message: str = ""
    details: tuple[Detail, ...] = ()


_encode = msgspec.json.Encoder().encode
_decode_error = msgspec.json.Decoder(ErrorBody).decode
_KIND_OF = {kind.rpc_code: kind for kind in KINDS}

_KIND_OF_STATUS = {
    401: "unauthenticated",
    403: "permission_denied",
    404: "unimplemented",
} | dict.fromkeys((429, 502, 503, 504), "unavailable")
"""For answers without a Connect body, as the protocol lists them ("HTTP to error code")."""


def request_head(method: Method, authority: str, *, streams: bool) -> bytes:
    """The part of a request that is the same for every call of a method."""
    accept = b"accept: text/event-stream\r\n" if streams else b""
    return (
        f"POST /{method.full_name} HTTP/1.1\r\nhost: {authority}\r\n".encode()
        + b"content-type: application/json\r\n"
        + accept
    )


def context_lines(call: Call) -> bytes:
    """Our context and the standard lines, for a trusted connection."""
    key = f"idempotency-key: {call.keyed.key}\r\n".encode() if call.keyed else b""
    return b"hanse-context: %b\r\n%b%b" % (_encode(call.origin), key, standard_lines(call))


def standard_lines(call: Call) -> bytes:
    """W3C's trace context and what is left of the deadline, for any connection."""
    state = f"tracestate: {call.trace_state}\r\n" if call.trace_state else ""
    parent = format_traceparent(call.trace_id, call.span_id, call.sampled)
    return (
        f"traceparent: {parent}\r\n{state}connect-timeout-ms: {milliseconds_left(call)}\r\n"
    ).encode()


def ask_of(method: Method, call: Call, body: bytes) -> Ask:
    """The call as a frame; the link numbers it."""
    left = call.deadline_ns - monotonic_ns()
    return Ask(
        0, method.full_name, call.origin, call.trace_id, call.span_id, call.sampled,
        call.trace_state, max(1, left), body, call.keyed.key if call.keyed else "",
    )  # fmt: skip


def milliseconds_left(call: Call) -> int:
    """What the callee may use of the deadline; at least one, Connect knows no less."""
    return min(max(1, (call.deadline_ns - monotonic_ns()) // 1_000_000), 9_999_999_999)


def error_body(error: HanseError) -> bytes:
    """An error as Connect's JSON."""
    fields = msgspec.Raw(_encode(error.fields()))
    detail = ErrorDetail(error.code, fields)
    value = base64.b64encode(_protobuf(error.code, bytes(fields))).rstrip(b"=").decode()
    details = (Detail("hanse.v1.Error", value, detail),)
    return _encode(ErrorBody(error.rpc_code, error.detail, details))


def read_error(method: Method, status: int, body: bytes) -> HanseError:
    """The exception behind an answer that is none: the type the callee raised, fields and all."""
    try:
        given = _decode_error(body)
    except msgspec.MsgspecError:
        kind = _KIND_OF[_KIND_OF_STATUS.get(status, "internal")]
        return kind(f"{method.full_name} answered HTTP {status} without a reason.")
    detail = next((one.debug for one in given.details if one.debug), ErrorDetail())
    kind = method.error_of(detail.code) or _KIND_OF.get(given.code, Internal)
    error = rebuilt(kind, given.message, bytes(detail.fields))
    setattr(error, LOGGED, True)  # where it happened, the only place that has its cause
    return error


def broken(method: Method, reason: object) -> Unavailable:
    """What a caller sees when no answer came."""
    return Unavailable(f"{method.full_name} is out of reach.").because(
        reason if isinstance(reason, BaseException) else ConnectionError(reason)
    )


def _protobuf(code: str, fields: bytes) -> bytes:
    """`message Error { string code = 1; string fields_json = 2; }`, written by hand."""
    return b"".join(
        bytes([number << 3 | 2]) + _varint(len(text)) + text
        for number, text in ((1, code.encode()), (2, fields))
    )


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes((*out, value))
