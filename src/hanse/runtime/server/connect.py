"""A method at its Connect address: tolerant to hosts of ours, strict to everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.errors import KINDS, HanseError, InvalidArgument, Unimplemented
from hanse.runtime.http.message import JSON, Response
from hanse.runtime.http.problem import HIDDEN, challenge, retry_after
from hanse.runtime.http.refusal import UnsupportedMediaType
from hanse.runtime.remote.wire import error_body
from hanse.runtime.server.arguments import json_body
from hanse.runtime.server.proto_json import ProtoJsonReader
from hanse.runtime.server.rpc import Rpc

if TYPE_CHECKING:
    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.http.message import Request
    from hanse.runtime.server.door import Door


class ConnectRpc(Rpc):
    """`POST /crm.v1.Contacts/Merge`, errors as Connect's; tolerant to hosts, strict to others.

    Others may write protobuf's JSON. Answers are ours, with integers of 64 bits as numbers, which
    a reader of that mapping takes as well as strings ("Either numbers or strings are accepted",
    protobuf.dev/programming-guides/json). One that goes through JavaScript's `JSON.parse` has them
    exactly up to 2**53, as every reader of JSON there.
    """

    __slots__ = ("_depth", "_reader")

    def __init__(self, endpoint: Endpoint, door: Door, depth: int) -> None:
        method = endpoint.method
        super().__init__(endpoint, door, self._arguments, method.checked_connect_answer)
        self._depth = depth
        self._reader: ProtoJsonReader | None = None

    def _arguments(self, request: Request) -> Any:
        if request.trusted:
            return self._endpoint.read_tolerantly(request.body)
        return self._read_strictly(_message(request))

    def _read_strictly(self, message: bytes) -> Any:
        if self._reader is None:
            self._reader = ProtoJsonReader(self._method.request_type, self._depth)
        return self._reader.read(message or b"{}")

    def _failed(
        self,
        error: HanseError,
        trace_id: str,  # noqa: ARG002 - a Connect error has no place for it
        request: Request,
    ) -> Response:
        trusted = request.trusted
        if isinstance(error, UnsupportedMediaType):
            return Response(415, b"accept-post: application/json\r\n")
        if error.log and not trusted:
            error = next(kind for kind in KINDS if isinstance(error, kind))(HIDDEN)
        head = JSON + retry_after(error) + challenge(error)
        return Response(error.status, head, error_body(error))


def check_coding(coding: bytes) -> None:
    """Refuses what is compressed, so that nobody sends us little that becomes much."""
    if coding.strip().lower() not in {b"", b"identity"}:
        raise Unimplemented("The one encoding supported is identity: send it uncompressed.")


def _message(request: Request) -> bytes:
    """The body; one that claims to be in another format is refused even when it is empty."""
    headers = request.headers
    if headers.get(b"connect-protocol-version", b"1").rstrip(b" \t") != b"1":
        raise InvalidArgument("Connect-Protocol-Version must be 1.")
    check_coding(headers.get(b"content-encoding", b""))
    return json_body(request, empty=b"content-type" not in headers)
