"""A method at its Connect address: tolerant to hosts of ours, strict to everybody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hanse.runtime.contract.unknown_fields import LOOKED_AT, unknown_fields
from hanse.runtime.errors import KINDS, HanseError, InvalidArgument
from hanse.runtime.http.message import JSON, Response
from hanse.runtime.http.problem import HIDDEN, retry_after
from hanse.runtime.remote.wire import error_body
from hanse.runtime.server.arguments import UnsupportedMediaType, json_body
from hanse.runtime.server.rpc import Rpc
from hanse.runtime.server.strict import StrictReader

if TYPE_CHECKING:
    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.http.message import Request
    from hanse.runtime.server.door import Door


class ConnectRpc(Rpc):
    """`POST /crm.v1.Contacts/Merge`, errors as Connect's; tolerant to hosts, strict to others."""

    __slots__ = ("_depth", "_strict")

    def __init__(self, endpoint: Endpoint, door: Door, depth: int) -> None:
        method = endpoint.method
        super().__init__(endpoint, door, self._arguments, method.checked_connect_answer)
        self._depth = depth
        self._strict: StrictReader | None = None

    def _arguments(self, request: Request) -> Any:
        if request.trusted:
            arguments = self._method.checked_arguments(request.body)
            metrics = self._endpoint.metrics
            if not metrics.latency.count % LOOKED_AT:
                metrics.unknown_fields += unknown_fields(arguments, request.body)
            return arguments
        version = request.headers.get(b"connect-protocol-version", b"1")
        if version != b"1":
            raise InvalidArgument("Connect-Protocol-Version must be 1.")
        if self._strict is None:
            self._strict = StrictReader(self._method.request_type, self._depth)
        return self._strict.read(json_body(request, empty=True))

    def _failed(
        self,
        error: HanseError,
        trace_id: str,  # noqa: ARG002 - a Connect error has no place for it
        *,
        trusted: bool,
    ) -> Response:
        if isinstance(error, UnsupportedMediaType):
            return Response(415, b"accept-post: application/json\r\n")
        if error.log and not trusted:
            error = next(kind for kind in KINDS if isinstance(error, kind))(HIDDEN)
        return Response(error.status, JSON + retry_after(error), error_body(error))
