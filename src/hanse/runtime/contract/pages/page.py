"""`@page` and `@form`: methods of a service that answer a browser."""

from __future__ import annotations

import inspect
import re
import secrets
import types
from typing import TYPE_CHECKING, Any, TypeVar, Union, get_args, get_origin

import msgspec

from hanse.runtime.contract.checks import check_parameters, fits_text, is_scalar
from hanse.runtime.contract.declaration import Declaration
from hanse.runtime.contract.file import RefusedFiles, file_fields, is_file, refused_field
from hanse.runtime.contract.immutable import unwrapped
from hanse.runtime.contract.method import Method, Signature
from hanse.runtime.contract.pages.cookie import cookies_in
from hanse.runtime.contract.pages.document import Document
from hanse.runtime.contract.pages.html import Html
from hanse.runtime.contract.pages.redirect import Redirect
from hanse.runtime.contract.route import Route
from hanse.runtime.contract.signature import read_signature

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.runtime.contract.mistakes import Mistakes
    from hanse.runtime.identity.permission import Rule

PAGE = "__hanse_page__"

FORM_BYTES_MAX = 64 * 1024

KEY_FIELD = "idempotency_key"
"""The hidden field that a form has its key in, as no browser sends a header with it."""

KEY_BYTES = 16

_PATH = re.compile(r"/|(?:/(?:[A-Za-z0-9_.~-]+|\{[a-z_][a-z0-9_]*\}))+/?")

Answer = Html | Redirect | Document

Function = TypeVar("Function", bound="Callable[..., Awaitable[Answer] | Answer]")


def page(
    path: str,
    *,
    allow: Rule | None = None,
    timeout: float = 10.0,
    concurrency: int = 256,
    local: bool = False,
) -> Callable[[Function], Function]:
    """Declares a method to answer `GET path`; its arguments come from path, query and cookies.

    A page is for people: it has no place in the contract, and other services do not call it. It
    answers with `Html`, with a `Redirect` to another, or with a `Document` that is no HTML. What a
    query has beside its arguments is passed over, as who links to a page adds names of their own.

    Args:
        path: Like `/careers/{job_id}`; not in the style of the API, but for people to read.
        allow: Who may see it. There is no default.
        timeout: Seconds it may take at most.
        concurrency: How many of it one host makes at once.
        local: Shown only to who asks for it as localhost, 127.0.0.1 or [::1], whatever the port;
            others are refused (403, `not_from_here`). For what is of this machine alone, which
            pages of elsewhere would read otherwise, by a name that leads here.
    """
    limits = (timeout, 1, concurrency)
    return _declare(Declaration(f"GET {path}", allow, (), True, *limits, local=local))


def form(
    path: str,
    *,
    allow: Rule | None = None,
    timeout: float = 10.0,
    concurrency: int = 256,
    max_body: int = FORM_BYTES_MAX,
) -> Callable[[Function], Function]:
    """Declares a method to answer `POST path`, as a form of a page sends it.

    Its arguments come from the path, from fields of the form by name, and from cookies. A box that
    is not ticked is False; a field of another type than text that is left empty is not given; one
    name that comes several times is a tuple. A `File` is what was chosen in an `<input type=file>`
    of a form with `enctype="multipart/form-data"`; it is kept before the method runs, and gone
    again in a day if no entity has it by then.

    A form that is sent twice does its work once where the page gave it a hidden `idempotency_key`:
    see `form_key`.

    It answers with a `Redirect` when it is done, so that
    a reload does not repeat it, or with `Html` that says what to correct.

    What a browser sends for a page of another site is refused (403, `cross_site`), so a form needs
    no token against that. The rule is that of Go's `http.CrossOriginProtection`: `Sec-Fetch-Site`
    (W3C Fetch Metadata) says `same-origin` or `none`; without it, `Origin` (RFC 6454) is the one
    that `Host` names; without both, the sender is no browser. A site that answers plain HTTP too
    should send HSTS, as `Host` does not say which of the two was meant.

    Args:
        path: Like `/basket`; a page may have the same.
        allow: Who may send it. There is no default.
        timeout: Seconds it may take at most.
        concurrency: How many of it one host takes at once.
        max_body: Bytes of what is sent, without files; 64 KiB by default.
    """
    limits = (timeout, max_body, concurrency)
    return _declare(Declaration(f"POST {path}", allow, (), False, *limits))


def form_key() -> str:
    """A key for one showing of a form, which nobody can guess.

        <input type="hidden" name="idempotency_key" value="{{ form_key() }}">

    A form with it that is sent twice, by who clicks twice or reloads, does its work once, and
    answers the same. Make another one each time the form is shown, on a page that no cache keeps.
    """
    return secrets.token_urlsafe(KEY_BYTES)


def _declare(given: Declaration) -> Callable[[Function], Function]:
    def declare(function: Function) -> Function:
        setattr(function, PAGE, given)
        return function

    return declare


def read_pages(cls: type, mistakes: Mistakes) -> tuple[Method, ...]:
    """The pages and forms a class declares."""
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
    route = _route(declaration, where, mistakes)
    if signature is None or len(mistakes) > before:
        return None
    _check_answer(signature, route, where, mistakes)
    check_parameters(route, signature, where, mistakes)
    _check_arguments(route, signature, where, mistakes)
    if len(mistakes) > before:
        return None
    doc = inspect.cleandoc(function.__doc__ or "")
    return Method(name, signature, declaration, service=cls.__name__, route=route, doc=doc)


def _route(declaration: Declaration, where: str, mistakes: Mistakes) -> Route:
    verb, _, path = (declaration.route or "").partition(" ")
    if declaration.allow is None:
        who = "see it" if verb == "GET" else "send it"
        mistakes.add(where, f"says not who may {who}", "say so: allow=PUBLIC")
    if declaration.timeout <= 0 or declaration.max_body <= 0 or declaration.concurrency <= 0:
        mistakes.add(where, "has a limit below one", "timeout, max_body, concurrency are positive")
    if not _PATH.fullmatch(path):
        mistakes.add(
            where, f"its path {path!r} cannot be served", "write it like /careers/{job_id}"
        )
    return Route("GET" if verb == "GET" else "POST", path)


def _check_answer(signature: Signature, route: Route, where: str, mistakes: Mistakes) -> None:
    result = signature.result
    options = get_args(result) if get_origin(result) in {Union, types.UnionType} else (result,)
    if signature.streams or not set(options) <= {Html, Redirect, Document}:
        noun = "page" if route.verb == "GET" else "form"
        what = f"is a {noun} and answers no Html"
        mistakes.add(where, what, "write -> Html, -> Redirect or -> Html | Redirect")


def _check_arguments(route: Route, signature: Signature, where: str, mistakes: Mistakes) -> None:
    for field in msgspec.structs.fields(signature.request_type):
        if cookies := cookies_in(field.type):
            if field.name in route.parameters or len(cookies) > 1:
                what = f"{field.name} is to come from two places"
                mistakes.add(where, what, "take it from one cookie, or from the path")
            elif not is_scalar(field.type):
                remedy = "make it a str, int, enum or another scalar"
                mistakes.add(where, f"{field.name} does not fit a cookie", remedy)
        elif route.verb == "POST":
            _check_field(field, where, mistakes)
        if route.verb == "POST" and field.name == KEY_FIELD:
            what = f"{KEY_FIELD} is the hidden field that the runtime reads a form's key from"
            mistakes.add(where, what, "leave it out, or call the argument something else")
    if refused_field(signature.request_type):
        _check_refused(signature, where, mistakes)


def _check_refused(signature: Signature, where: str, mistakes: Mistakes) -> None:
    """A form that is called although a file was refused is called without it."""
    files = file_fields(signature.request_type)
    if not files:
        mistakes.add(where, "takes RefusedFiles and no file", "take one, or leave that out")
    for name in (name for name, file in files.items() if file.required):
        mistakes.add(where, f"{name} may be refused and has no default", f"{name}: … | None = None")


def _check_field(field: msgspec.structs.FieldInfo, where: str, mistakes: Mistakes) -> None:
    if is_file(field.type) or unwrapped(field.type) is RefusedFiles:
        return
    if not fits_text(field.type):
        remedy = "a form carries scalars, tuples of them, and files; use @rpc with a body"
        mistakes.add(where, f"{field.name} does not fit a form", remedy)
    elif unwrapped(field.type) is bool and field.default is True:
        what = f"{field.name} is True where nothing is sent, as of a box that is not ticked"
        mistakes.add(where, what, "turn its meaning round and let its default be False")
