"""`@page`: a method of a service that answers a browser with HTML."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from hanse.runtime.contract.checks import check_parameters
from hanse.runtime.contract.declaration import Declaration
from hanse.runtime.contract.method import Method
from hanse.runtime.contract.route import Route
from hanse.runtime.contract.signature import read_signature

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.contract.mistakes import Mistakes
    from hanse.runtime.identity.permission import Rule

PAGE = "__hanse_page__"

_PATH = re.compile(r"/|(?:/(?:[A-Za-z0-9_.~-]+|\{[a-z_][a-z0-9_]*\}))+/?")

POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'"
"""A page loads from its own origin only; one that needs more says so in its `Html`."""


class Html(msgspec.Struct, frozen=True):
    """What a page answers.

    Attributes:
        text: The document. Whoever made it escaped what people wrote; a template engine does.
        status: 200, or 404 for a page that says that something is not there.
        policy: Its Content-Security-Policy.
    """

    text: str
    status: int = 200
    policy: str = POLICY


Function = TypeVar("Function", bound="Callable[..., Awaitable[Html]]")


def page(
    path: str, *, allow: Rule | None = None, timeout: float = 10.0, concurrency: int = 256
) -> Callable[[Function], Function]:
    """Declares a method to answer `GET path` with `Html`; its arguments come from path and query.

    A page is for people: it has no place in the contract, and other services do not call it.

    Args:
        path: Like `/careers/{job_id}`; not in the style of the API, but for people to read.
        allow: Who may see it. There is no default.
        timeout: Seconds it may take at most.
        concurrency: How many of it one host makes at once.
    """

    def declare(function: Function) -> Function:
        given = Declaration(f"GET {path}", allow, (), True, timeout, 1, concurrency)
        setattr(function, PAGE, given)
        return function

    return declare


def read_pages(cls: type, mistakes: Mistakes) -> tuple[Method, ...]:
    """The pages a class declares."""
    found = (_page(cls, name, value, mistakes) for name, value in _declared(cls).items())
    return tuple(method for method in found if method)


def _declared(cls: type) -> dict[str, Any]:
    members = {
        name: value for parent in reversed(cls.__mro__) for name, value in vars(parent).items()
    }
    return {name: value for name, value in members.items() if hasattr(value, PAGE)}


def _page(cls: type, name: str, function: Any, mistakes: Mistakes) -> Method | None:
    declaration: Declaration = getattr(function, PAGE)
    where = f"{cls.__name__}.{name}"
    before = len(mistakes)
    signature = read_signature(function, where, mistakes)
    if declaration.allow is None:
        mistakes.add(where, "says not who may see it", "say so: allow=PUBLIC")
    path = (declaration.route or "").removeprefix("GET ")
    if not _PATH.fullmatch(path):
        mistakes.add(
            where, f"its path {path!r} cannot be served", "write it like /careers/{job_id}"
        )
    if signature is None or len(mistakes) > before:
        return None
    if signature.result is not Html or signature.streams:
        mistakes.add(where, "is a page and answers no Html", "write -> Html")
    route = Route("GET", path)
    check_parameters(route, signature, where, mistakes)
    if len(mistakes) > before:
        return None
    doc = inspect.cleandoc(function.__doc__ or "")
    return Method(name, signature, declaration, service=cls.__name__, route=route, doc=doc)
