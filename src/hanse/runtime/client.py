"""A contract as an object for programs that are no service: scripts, tests, other backends."""

from __future__ import annotations

import ssl
from collections.abc import Callable
from typing import Self, TypeVar, cast

from hanse.kit.http import Address
from hanse.runtime.call.context import Call
from hanse.runtime.call.deadline import Deadlines
from hanse.runtime.call.observer import Observer
from hanse.runtime.call.outgoing import Caller
from hanse.runtime.call.proxy import make_proxy
from hanse.runtime.contract.service import contract_of
from hanse.runtime.remote.balance import Balancer
from hanse.runtime.remote.peer import Peer
from hanse.runtime.remote.pool import Pool
from hanse.runtime.remote.wire import standard_lines
from hanse.runtime.telemetry.metrics import Metrics
from hanse.runtime.telemetry.span import SpanBuffer

C = TypeVar("C")

SPANS_MAX = 1024


class Client:
    """Calls services through their open door, with a token instead of a trusted connection.

        async with Client("https://api.example", token=read_token) as client:
            greeting = await client.get(Greeter).greet("Ada")

    Args:
        url: Where the services are, e.g. a gateway.
        token: What to send as bearer token; asked for each call, so that it may change.
        tls: Whom to trust, for https; the machine's authorities by default.
    """

    def __init__(
        self, url: str, *, token: Callable[[], str] | None = None, tls: ssl.SSLContext | None = None
    ) -> None:
        self._token = token
        self._pool = Pool(Address(url), tls)
        self._peer = Peer(Balancer((self._pool,)), self._lines)
        self._caller = Caller("client", "", Deadlines())
        self._metrics = Metrics()
        self._spans = SpanBuffer(SPANS_MAX)

    def get(self, contract: type[C]) -> C:
        """The contract as an object.

        Raises:
            TypeError: The class is no contract and no service.
        """
        model = contract_of(contract)
        if model is None:
            raise TypeError(f"{contract.__name__} is no contract; subclass Contract or Service.")
        proxy = make_proxy(
            model,
            lambda method: self._peer.bind(self._caller, method, self._observer(method.full_name)),
        )
        return cast("C", proxy)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._pool.close()

    def _observer(self, name: str) -> Observer:
        service, _, method = name.partition("/")
        metrics = self._metrics.of(service, method, "client")
        return Observer("client", name, "client", metrics, self._spans)

    def _lines(self, call: Call) -> bytes:
        if self._token is None:
            return standard_lines(call)
        return b"authorization: Bearer %b\r\n%b" % (self._token().encode(), standard_lines(call))
