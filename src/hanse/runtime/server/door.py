"""Where requests become calls: whose they are, in which trace, and how long they may take."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

import msgspec

from hanse.kit.clock import monotonic_ns
from hanse.kit.ids import span_id
from hanse.runtime.call.context import DEFAULT_LOCALE, Call, Keyed, Origin, begin_trace
from hanse.runtime.errors import (
    DeadlineExceeded,
    HanseError,
    InvalidArgument,
    PermissionDenied,
    Unauthenticated,
)
from hanse.runtime.figures.clients import visitor_at
from hanse.runtime.identity.principal import VISITOR
from hanse.runtime.remote.wire import CONTEXT_HEADER
from hanse.runtime.telemetry.trace_context import parse

if TYPE_CHECKING:
    import asyncio

    from hanse.runtime.call.admission import Admission
    from hanse.runtime.call.deadline import Deadlines
    from hanse.runtime.contract.method import Method
    from hanse.runtime.credentials.authenticator import Authenticator
    from hanse.runtime.http.message import Request
    from hanse.runtime.identity.verified import Verified
    from hanse.runtime.remote.frames import Ask
    from hanse.runtime.telemetry.sampler import Sampler

_LOCALE = re.compile(rb"\s*([A-Za-z]{2,3}(?:-[A-Za-z0-9]{2,8}){0,3})\s*(?:[;,]|$)")
_SITE = re.compile(rb"[!-~]{1,200}")
_TIMEOUT_DIGITS_MAX = 10
_ORIGINS_MAX = 1024
_MILLISECOND_NS = 1_000_000

SITE_HEADER = b"hanse-site"
"""Whose domain a request was sent to. The gateway sets it, and takes it away from what comes in."""

FORWARDED_HEADER = b"x-forwarded-for"
"""Where a request came from; as `SITE_HEADER`, the gateway alone sets it."""

_read_origin = msgspec.json.Decoder(Origin).decode


class Door:
    """Begins and ends calls from outside.

    Args:
        authenticator: None where nobody can sign in; then every `Authorization` header is refused.
        admission: Who is let in when not all can be.
        deadlines: Who ends calls whose time is up.
        sampler: Which traces are recorded.
        site: The site of callers whose credentials name none.

    Attributes:
        close: Counts a call out that `open` gave.
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
        self._enter = admission.enter
        self.close = admission.leave
        self._deadlines = deadlines
        self._sample = sampler.sample
        self._site = site
        self._origins: dict[bytes, Origin] = {}

    def origin(self, request: Request) -> Origin | None:
        """For whom a request is, as far as that is known at once; None if a token must be verified.

        Raises:
            InvalidArgument: Our own header is malformed.
            PermissionDenied: The credentials are another site's than the domain.
        """
        headers = request.headers
        if request.gate and SITE_HEADER in headers:
            return self._of_domain(request)
        if request.trusted and CONTEXT_HEADER in headers:
            return self._carried(headers[CONTEXT_HEADER])
        if b"authorization" in headers:
            authenticator = self._authenticator
            if authenticator is None:
                return None
            verified = authenticator.cached(headers[b"authorization"], request.shown)
            if verified is None or b"accept-language" in headers:
                return None if verified is None else self._of(verified, headers)
            shown = request.shown
            if verified is not shown.verified:
                shown.verified, shown.origin = verified, self._of(verified, headers)
            return shown.origin
        visitor = request.shown.visitor
        if visitor is None or b"accept-language" in headers:
            return self._visiting(request)
        return visitor

    def seen(self, request: Request) -> Origin:
        """For whom a request is that was refused, as far as it can be said."""
        try:
            known = self.origin(request)
        except HanseError:
            known = None
        return known or Origin(self._site, client=_client(request))

    async def sign_in(self, request: Request) -> Origin:
        """For whom a request is, after its token was verified.

        Raises:
            Unauthenticated: Its credentials do not hold.
            PermissionDenied: They are another site's than the domain.
            ResourceExhausted: Too many unknown ones are being verified.
        """
        if self._authenticator is None:
            raise Unauthenticated("This host knows no issuer of tokens; configure one to sign in.")
        value = request.headers[b"authorization"].decode("latin-1")
        verified = await self._authenticator.authenticate(value)
        return self._of(verified, request.headers, domain_of(request))

    def open(self, request: Request, method: Method, origin: Origin) -> Call:
        """A call for a request, counted in and watched; `close` must follow.

        Raises:
            InvalidArgument: A header of the protocol is malformed.
            DeadlineExceeded: The caller left no time.
            Unavailable, ResourceExhausted: The host or the site has all it can do.
        """
        headers = request.headers
        timeout_ns = method.timeout_ns
        if b"connect-timeout-ms" in headers:
            given = milliseconds(headers[b"connect-timeout-ms"].rstrip(b" \t")) * _MILLISECOND_NS
            if not given:
                raise DeadlineExceeded("The caller left no time (Connect-Timeout-Ms: 0).")
            timeout_ns = min(timeout_ns, given)
        started = monotonic_ns()
        given = None
        if b"traceparent" in headers:
            given = parse(headers[b"traceparent"].decode("latin-1"), _state(headers))
        # The outside may name the trace, so that its own records join ours. Only a host of ours
        # decides for us that it is sampled: else anybody could fill our stores.
        sampled = given.sampled if given and request.trusted else self._sample()
        if given is None:
            trace, span = begin_trace()
            parent = state = ""
        else:
            trace, parent, state = given.trace_id, given.span_id, given.state
            span = span_id() if sampled else parent
        call = Call(
            method, origin, started, started + timeout_ns, self._deadlines, trace, span, parent,
            sampled, state, request.task,
        )  # fmt: skip
        self._enter(call)
        return call

    def join(self, ask: Ask, method: Method, task: asyncio.Task[None] | None) -> Call:
        """A call that came over a link, counted in and watched; `close` must follow.

        Args:
            ask: What came, from a host of ours, which is believed.
            method: What it asks for.
            task: What will run it; None for the running one.

        Raises:
            DeadlineExceeded: The caller left no time.
            Unavailable, ResourceExhausted: The host or the site has all it can do.
        """
        if ask.timeout_ns <= 0:
            raise DeadlineExceeded("The caller left no time.")
        started = monotonic_ns()
        call = Call(
            method, ask.origin, started, started + min(method.timeout_ns, ask.timeout_ns),
            self._deadlines, ask.trace_id, span_id() if ask.sampled else ask.span_id, ask.span_id,
            ask.sampled, ask.trace_state, task, keyed=Keyed(ask.key) if ask.key else None,
        )  # fmt: skip
        self._enter(call)
        return call

    def _of_domain(self, request: Request) -> Origin | None:
        """As `origin`, at a domain of a site. Credentials that name no site count there too."""
        site, headers = domain_of(request), request.headers
        if b"authorization" not in headers:
            return Origin(site, VISITOR, _locale(headers), client=_client(request))
        authenticator = self._authenticator
        if authenticator is None:
            return None
        verified = authenticator.cached(headers[b"authorization"], request.shown)
        return None if verified is None else self._of(verified, headers, site)

    def _visiting(self, request: Request) -> Origin:
        """For whom a request is that shows no credentials."""
        headers, shown = request.headers, request.shown
        if request.gate or b"accept-language" in headers:
            return Origin(self._site, VISITOR, _locale(headers), client=_client(request))
        if shown.visitor is None:
            shown.visitor = Origin(self._site, client=_client(request))
        return shown.visitor

    def _of(self, verified: Verified, headers: dict[bytes, bytes], domain: str = "") -> Origin:
        if domain and verified.site not in {"", domain}:
            raise PermissionDenied("These credentials are of another site than this domain.")
        site = verified.site or domain or self._site
        return Origin(site, verified.principal, _locale(headers))

    def _carried(self, value: bytes) -> Origin:
        """Reads our header; the same few values come again, so they are kept, up to a bound."""
        known = self._origins.get(value)
        if known is None:
            try:
                known = _read_origin(value)
            except (msgspec.MsgspecError, UnicodeDecodeError):
                raise InvalidArgument("The header hanse-context cannot be read.") from None
            if len(self._origins) >= _ORIGINS_MAX:
                self._origins.clear()
            self._origins[value] = known
        return known


def _client(request: Request) -> str:
    """What tells a visitor from others: where the gateway says a request is from, or the peer is.

    Of peers that are trusted nothing is told: whoever it is for stands in their context.
    """
    if request.gate:
        return visitor_at(request.headers.get(FORWARDED_HEADER, b"").decode("latin-1"))
    shown = request.shown
    if shown.client is None:
        shown.client = "" if request.trusted else visitor_at(_address(shown.source))
    return shown.client


def _address(source: asyncio.Transport) -> str:
    """Of the peer of a TCP connection; others have none."""
    peer: object = source.get_extra_info("peername")
    return str(cast("tuple[object, ...]", peer)[0]) if isinstance(peer, tuple) else ""


def milliseconds(value: bytes) -> int:
    """`Connect-Timeout-Ms`: at most ten digits (connectrpc.com/docs/protocol, "Unary-Request").

    Raises:
        InvalidArgument: It is something else.
    """
    if not value.isdigit() or len(value) > _TIMEOUT_DIGITS_MAX:
        raise InvalidArgument("Connect-Timeout-Ms is a number of at most ten digits.")
    return int(value)


def _state(headers: dict[bytes, bytes]) -> str | None:
    return headers[b"tracestate"].decode("latin-1") if b"tracestate" in headers else None


def domain_of(request: Request) -> str:
    """The site whose domain the gateway says the request was sent to; empty for none.

    Raises:
        InvalidArgument: What it says names no site.
    """
    if not request.gate or SITE_HEADER not in request.headers:
        return ""
    value = request.headers[SITE_HEADER].rstrip(b" \t")
    if not _SITE.fullmatch(value):
        raise InvalidArgument("The header hanse-site names no site.")
    return value.decode()


def _locale(headers: dict[bytes, bytes]) -> str:
    if b"accept-language" not in headers:
        return DEFAULT_LOCALE
    found = _LOCALE.match(headers[b"accept-language"])
    return found[1].decode() if found else DEFAULT_LOCALE
