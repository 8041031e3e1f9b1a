"""A page or a form: HTML or a redirect out, with cookies; errors for people or for programs."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.call.context import Keyed
from hanse.runtime.call.idempotency import HEADER, read_key
from hanse.runtime.contract.pages.cookie import cookies_in
from hanse.runtime.contract.pages.document import POLICY, Document
from hanse.runtime.contract.pages.html import Html
from hanse.runtime.contract.pages.page import KEY_FIELD
from hanse.runtime.contract.pages.redirect import Redirect
from hanse.runtime.http.message import HTML, Response
from hanse.runtime.server.pages.cookies_out import cookie_lines
from hanse.runtime.server.pages.failure_page import failure
from hanse.runtime.server.pages.form_fields import hidden_key, pairs
from hanse.runtime.server.pages.page_arguments import form_reader, page_reader
from hanse.runtime.server.rpc import Rpc

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.call.endpoint import Endpoint
    from hanse.runtime.contract.pages.cookie import SetCookie
    from hanse.runtime.errors import HanseError
    from hanse.runtime.http.message import Request
    from hanse.runtime.server.door import Door

HEADS_MAX = 64
MARK = KEY_FIELD.encode()


class PageRpc(Rpc):
    """What serves a method declared by `@page` or `@form`."""

    __slots__ = ("_vary",)

    def __init__(self, endpoint: Endpoint, door: Door) -> None:
        super().__init__(endpoint, door, self._first_read, finished)
        fields = msgspec.structs.fields(endpoint.method.request_type)
        # Of a page that a cache keeps, each has the one that was made for cookies like its own.
        self._vary = b"vary: cookie\r\n" if any(cookies_in(one.type) for one in fields) else b""

    def _first_read(self, request: Request) -> Any:
        """Makes the reader when it is first needed: of a host's thousands of methods most sleep."""
        self._read = self._make_reader()
        return self._read(request)

    def _make_reader(self) -> Callable[[Request], Any]:
        route = self._method.route
        assert route is not None
        make = form_reader if route.verb == "POST" else page_reader
        return make(self._method)

    keyed_in_body = True

    def _keyed(self, request: Request) -> Keyed | None:
        """That of the header, or of the hidden field; None for a page, which is made anew."""
        if HEADER in request.headers:
            return super()._keyed(request)
        key = self._hidden_key(request)
        if not key:
            return None
        keyed = read_key(key.encode(), self._method)
        return self._remembered(keyed and Keyed(keyed.key, of_form=True), request)

    def _hidden_key(self, request: Request) -> str:
        return hidden_key(pairs(request)) if MARK in request.body else ""

    def _answered(self, body: tuple[Response, tuple[SetCookie, ...]], request: Request) -> Response:
        response, cookies = body
        response.head += self._vary
        if cookies:
            response.head += cookie_lines(cookies, request)
        return response

    def _failed(self, error: HanseError, trace_id: str, request: Request) -> Response:
        return failure(error, trace_id, request)


def finished(answer: Any) -> tuple[Response, tuple[SetCookie, ...]]:
    """An answer as a response, without its cookies, which depend on how it was asked for.

    Raises:
        TypeError: It is none of those a page may give.
    """
    if isinstance(answer, Html):
        head = HTML + _head(answer.policy, answer.cache)
        return Response(answer.status, head, answer.text.encode()), answer.cookies
    if isinstance(answer, Redirect):
        head = f"location: {answer.to}\r\ncache-control: no-store\r\n".encode()
        return Response(303, head), answer.cookies
    if isinstance(answer, Document):
        kind = f"content-type: {answer.media_type}; charset=utf-8\r\n".encode()
        return Response(answer.status, kind + _head(POLICY, answer.cache), answer.text.encode()), ()
    raise TypeError(f"A page answers with Html, Redirect or Document, not {type(answer).__name__}.")


@functools.lru_cache(HEADS_MAX)
def _head(policy: str, cache: str) -> bytes:
    """Most pages of a service have one."""
    policy = " ".join(policy.split())
    lines = f"content-security-policy: {policy}\r\ncache-control: {cache}\r\n"
    return lines.encode()
