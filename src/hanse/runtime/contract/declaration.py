"""`@rpc`: turns a method of a service or contract into one that others can call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypedDict, TypeVar, Unpack

import msgspec

from hanse.runtime.errors import HanseError
from hanse.runtime.identity.permission import Rule

if TYPE_CHECKING:
    from collections.abc import Callable

Function = TypeVar("Function", bound="Callable[..., Any]")

DECLARATION = "__hanse_rpc__"


class MethodLimits(TypedDict, total=False):
    """What one method takes on at most.

    Attributes:
        timeout: Seconds it may take, whatever the caller would grant; 30 by default.
        max_body: Bytes of a request body; 1 MiB by default.
        concurrency: Calls of it that one host runs at once; more are refused early. 256 by default.
    """

    timeout: float
    max_body: int
    concurrency: int


class Declaration(msgspec.Struct, frozen=True):
    """What `@rpc` was told, unread: the class it stands in checks it with everything else."""

    route: str | None
    allow: Rule | None
    errors: tuple[type[HanseError], ...]
    idempotent: bool | None
    timeout: float = 30.0
    max_body: int = 1024 * 1024
    concurrency: int = 256
    body: str = ""
    local: bool = False


def rpc(
    route: str | None = None,
    *,
    allow: Rule | None = None,
    errors: tuple[type[HanseError], ...] = (),
    idempotent: bool | None = None,
    body: str = "",
    **limits: Unpack[MethodLimits],
) -> Callable[[Function], Function]:  # a decorator's options are its documentation
    """Declares a method callable.

    Args:
        route: `POST /crm/v1/contacts/{contact_id}:merge`: how the outside calls it. Without a route
            the method is internal: only services call it.
        allow: Who may call. There is no default: nobody is let in by forgetting.
        errors: The errors of its own it can end with, besides the platform's kinds.
        idempotent: A repeat does no harm, so clients may retry. Default for GET, PUT and DELETE.
        body: The argument that the body of the route's request is, by itself; the others are in
            the path and the query then. One that is a `File` comes as it is, and is kept before
            the method is called. Without one, the body is an object of all that are not in the
            path.
        **limits: `timeout`, `max_body`, `concurrency`; see `MethodLimits`.
    """

    def declare(function: Function) -> Function:
        given = Declaration(route, allow, errors, idempotent, body=body, **limits)
        setattr(function, DECLARATION, given)
        return function

    return declare
