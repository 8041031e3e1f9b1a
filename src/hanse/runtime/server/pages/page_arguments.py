"""Where the arguments of pages and forms stand in a request: path, query or form, cookies."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import structs

from hanse.runtime.contract.file import RefusedFiles, file_fields, refused_field
from hanse.runtime.server.arguments import TextFields, from_text, query_pairs, refused
from hanse.runtime.server.pages.cookies_in import CookieArguments
from hanse.runtime.server.pages.form_fields import FormFields
from hanse.runtime.server.pages.from_here import check_from_here
from hanse.runtime.server.pages.same_origin import check_same_origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.contract.method import Method
    from hanse.runtime.http.message import Request
    from hanse.runtime.server.transfers.taking import Received


def page_reader(method: Method) -> Callable[[Request], Any]:
    """A function from a request for a page to checked arguments.

    Names that nobody declared are passed over: newsletters and networks add theirs to links.
    """
    kind = method.request_type
    cookies = CookieArguments(kind)
    fields = TextFields(kind, _in_path(method) | cookies.names)

    def read(request: Request) -> Any:
        if method.local:
            check_from_here(request)
        values: dict[str, Any] = {**request.parameters, **cookies.read(request)}
        known = [pair for pair in query_pairs(request.query) if fields.knows(pair[0])]
        values.update(fields.gather(known))
        arguments = from_text(values, kind)
        fields.check_unique(arguments, values)
        return arguments

    return read


def form_reader(method: Method) -> Callable[[Request], Any]:
    """A function from a form that was sent to checked arguments."""
    cookies = CookieArguments(method.request_type)
    fields = FormFields(method.request_type, _in_path(method) | cookies.names)

    def read(request: Request) -> Any:
        check_same_origin(request)
        values: dict[str, Any] = {**request.parameters, **cookies.read(request)}
        values.update(fields.read(request))
        arguments = from_text(values, fields.kind)
        fields.check_unique(arguments, values)
        return arguments

    return read


def file_form_reader(method: Method) -> Callable[[Request], Any]:
    """The same of a form with files, which were taken in before."""
    cookies = CookieArguments(method.request_type)
    wanted = file_fields(method.request_type)
    refusals = refused_field(method.request_type)
    elsewhere = _in_path(method) | cookies.names | wanted.keys() | {refusals}
    fields = FormFields(method.request_type, elsewhere)

    def read(request: Request) -> Any:
        received: Received = request.form
        values: dict[str, Any] = {**request.parameters, **cookies.read(request)}
        values.update(fields.gather(received.pairs))
        arguments = from_text(values, fields.kind)
        fields.check_unique(arguments, values)
        for name, field in wanted.items():
            if field.required and name not in received.files:
                raise refused(name, "required", f"`{name}` is missing; choose a file.")
        given: dict[str, Any] = structs.asdict(arguments) | received.files
        if refusals:
            given[refusals] = RefusedFiles(received.refused)
        received.handed_on = True
        return method.request_type(**given)

    return read


def _in_path(method: Method) -> frozenset[str]:
    assert method.route is not None
    return frozenset(method.route.parameters)
