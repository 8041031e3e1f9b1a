"""Where requests become calls: whose they are, which trace they belong to, and how long they may take."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

import msgspec

from hanse.kit.ids import span_id, trace_id
from hanse.runtime.call.context import DEFAULT_LOCALE, Call, Context
from hanse.runtime.call.wire import CONTEXT_HEADER, Carried
from hanse.runtime.errors import InvalidArgument, Unauthenticated
from hanse.runtime.identity.principal import VISITOR, Principal
from hanse.runtime.telemetry.trace_context import parse

if TYPE_CHECKING:
    from hanse.runtime.call.admission import Admission
    from hanse.runtime.call.deadline import Deadlines
    from hanse.runtime.contract.method import Method
    from hanse.runtime.identity.authenticator import Authenticator
    from hanse.runtime.server.message import Request
    from hanse.runtime.telemetry.sampler import Sampler

_LOCALE = re.compile(rb"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})\s*(?:[;,]|$)")
_TIMEOUT_DIGITS_MAX = 10
_CARRIED_MAX = 1024

_read_carried = msgspec.json.Decoder(Carried).decode


class Door:
    """Begins and ends calls from outside.

    Args:
        authenticator: None where nobody can sign in; then every `Authorization` header is refused.
        site: The site of callers whose credentials name none.
    """

    def __init__(
        self,
        *,
        authenticator: Authenticator | None,
        admission: Admission,
        deadlines: Deadlines,
        sampler: Sampler,
        site: str,
    ) -> None:
        self._authenticator = authenticator
        self._admission = admission
        self._deadlines = deadlines
        self._sampler = sampler
        self._site = site
        self._carried: dict[bytes, Carried] = {}

    async def open(self, request: Request, method: Method) -> Call:
        """A call for a request, counted in and watched; `close` must follow.

        Raises:
            Unauthenticated: Its credentials do not hold.
            InvalidArgument: A header of the protocol is malformed.
            Unavailable, ResourceExhausted: The host or the site has all it can do.
        """
        headers = request.headers
        if request.trusted and CONTEXT_HEADER in headers:
            carried = self._read_carried(headers[CONTEXT_HEADER])
        else:
            carried = await self._authenticated(headers)
        call = self._call(headers, carried, method, trusted=request.trusted)
        self._admission.enter(carried.site)
        self._deadlines.watch(call)
        return call

    def close(self, call: Call) -> None:
        self._deadlines.leave(call)
        self._admission.leave(call.context.site)

    async def _authenticated(self, headers: dict[bytes, bytes]) -> Carried:
        principal, site = VISITOR, self._site
        if b"authorization" in headers:
            principal, site = await self._principal(headers[b"authorization"])
        locale = DEFAULT_LOCALE
        if b"accept-language" in headers and (found := _LOCALE.match(headers[b"accept-language"])):
            locale = found[1].decode()
        return Carried(site, principal, locale)

    async def _principal(self, value: bytes) -> tuple[Principal, str]:
        if self._authenticator is None:
            raise Unauthenticated("This host knows no issuer of tokens; configure one to sign in.")
        text = value.decode("latin-1")
        verified = self._authenticator.cached(text)
        if verified is None:
            verified = await self._authenticator.authenticate(text)
        return verified.principal, verified.site or self._site

    def _read_carried(self, value: bytes) -> Carried:
        """Reads our header; the same few values come again and again, so they are kept, up to a bound."""
        known = self._carried.get(value)
        if known is None:
            try:
                known = _read_carried(value)
            except msgspec.MsgspecError:
                raise InvalidArgument("The header hanse-context cannot be read.") from None
            if len(self._carried) >= _CARRIED_MAX:
                self._carried.clear()
            self._carried[value] = known
        return known

    def _call(
        self, headers: dict[bytes, bytes], carried: Carried, method: Method, *, trusted: bool
    ) -> Call:
        trace, parent, sampled, state = self._trace(headers, trusted=trusted)
        own = trace[:16] if not parent else span_id() if sampled else parent
        context = Context(
            carried.site, carried.principal, carried.locale, trace, own, sampled, state,
            carried.caller,
        )  # fmt: skip
        timeout = method.timeout
        if b"connect-timeout-ms" in headers:
            timeout = min(timeout, milliseconds(headers[b"connect-timeout-ms"]) / 1000)
        deadline = time.monotonic() + timeout
        return Call(context, method.full_name, deadline, self._deadlines, parent)

    def _trace(self, headers: dict[bytes, bytes], *, trusted: bool) -> tuple[str, str, bool, str]:
        """Trace, parent span, whether it is sampled, and the state to hand on.

        The outside may name the trace, so that its own records join ours. Only a host of ours decides
        for us that it is sampled: else anybody could fill our stores.
        """
        if b"traceparent" in headers:
            given = parse(
                headers[b"traceparent"].decode("latin-1"),
                headers.get(b"tracestate", b"").decode("latin-1") or None,
            )
            if given is not None:
                sampled = given.sampled if trusted else self._sampler.sample()
                return given.trace_id, given.span_id, sampled, given.state
        return trace_id(), "", self._sampler.sample(), ""


def milliseconds(value: bytes) -> int:
    """`Connect-Timeout-Ms`: at most ten digits (connectrpc.com/docs/protocol, "Unary-Request").

    Raises:
        InvalidArgument: It is something else.
    """
    if not value.isdigit() or len(value) > _TIMEOUT_DIGITS_MAX:
        raise InvalidArgument("Connect-Timeout-Ms is a number of at most ten digits.")
    return int(value)
