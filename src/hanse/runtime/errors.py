"""The tree of errors a call can end with: the same types in service, caller and on the wire."""

from __future__ import annotations

import functools
import inspect
from typing import Any, ClassVar, Self, dataclass_transform, get_origin, get_type_hints

import msgspec


class Violation(msgspec.Struct, frozen=True):
    """One rule that an argument broke.

    Attributes:
        field: Path of the value in the request, e.g. `items[2].quantity`; empty for the whole.
        rule: What was expected, e.g. `length <= 100`.
        message: A sentence for people that says what was given and what is allowed.
    """

    field: str
    rule: str
    message: str


def positional(*, default: str, kw_only: bool) -> Any:  # noqa: ARG001 - read by type checkers only
    """Tells type checkers that a field may be given by place; at run time it is its default."""
    return default


@dataclass_transform(kw_only_default=True, field_specifiers=(positional,))
class Declared(Exception):
    """Tells type checkers that annotations below are fields; the marked class itself has none."""


class HanseError(Declared):
    """The root of all errors that cross a call.

    A domain declares its own by subclassing the nearest kind and naming a stable code; annotated
    attributes become fields, typed on both sides of a call:

        class CartFull(FailedPrecondition):
            code = "cart_full"
            limit: int

        raise CartFull(detail="The cart holds 100 items at most.", limit=100)

    Class attributes:
        code: Stable, snake_case; what programs decide on.
        rpc_code: The Connect code (connectrpc.com/docs/protocol, "Error codes").
        status: HTTP status of the resource interface.
        title: What kind of failure this is, the same for every occurrence (RFC 9457 `title`).
        log: Whether an occurrence is a fault of ours that belongs in the error log.

    Raises:
        TypeError: A declared field is left out, or of another type.
    """

    code: ClassVar[str] = "unknown"
    rpc_code: ClassVar[str] = "unknown"
    status: ClassVar[int] = 500
    title: ClassVar[str] = "Unknown error"
    log: ClassVar[bool] = False
    detail: str = positional(default="", kw_only=False)

    def __init__(self, detail: str = "", **fields: Any) -> None:
        kind = fields_type(type(self))
        try:
            given = msgspec.convert(fields, kind)
        except msgspec.ValidationError as error:
            names = ", ".join(kind.__struct_fields__)
            raise TypeError(f"{type(self).__name__}: {error}; its fields are {names}.") from None
        super().__init__(detail)
        self.detail = detail
        for name in given.__struct_fields__:
            setattr(self, name, getattr(given, name))

    def because(self, cause: BaseException) -> Self:
        """The same error with its cause, for the log; a cause never crosses a call."""
        self.__cause__ = cause
        return self

    def fields(self) -> msgspec.Struct:
        """The declared fields of this occurrence, as one struct."""
        kind = fields_type(type(self))
        return kind(**{name: getattr(self, name) for name in kind.__struct_fields__})

    def __str__(self) -> str:
        return self.detail or self.title


@functools.cache
def fields_type(error: type[HanseError]) -> type[msgspec.Struct]:
    """A struct of the attributes that an error and its parents below the root annotate.

    Read when first needed, not when the class is made: annotations may name what stands below it.
    """
    own: dict[str, Any] = {}
    for parent in reversed(error.__mro__[: error.__mro__.index(HanseError)]):
        hints = get_type_hints(parent, include_extras=True)
        for name in inspect.get_annotations(parent):
            if get_origin(hints[name]) is not ClassVar:
                default = [getattr(error, name)] if hasattr(error, name) else []
                own[name] = (name, hints[name], *default)
    return msgspec.defstruct(f"{error.__name__}Fields", own.values(), frozen=True, kw_only=True)


class InvalidArgument(HanseError):
    """The request cannot be right in any state of the system."""

    code = rpc_code = "invalid_argument"
    status = 400
    title = "Invalid request"
    violations: tuple[Violation, ...] = ()


class FailedPrecondition(HanseError):
    """The system is not in the state the call needs; repeating it unchanged does not help."""

    code = rpc_code = "failed_precondition"
    status = 400
    title = "Precondition failed"


class OutOfRange(HanseError):
    """Past the end of something that has an end."""

    code = rpc_code = "out_of_range"
    status = 400
    title = "Out of range"


class Unauthenticated(HanseError):
    """No credentials, or none that count."""

    code = rpc_code = "unauthenticated"
    status = 401
    title = "Not signed in"


class PermissionDenied(HanseError):
    """The caller is known and may not do this."""

    code = rpc_code = "permission_denied"
    status = 403
    title = "Not allowed"


class NotFound(HanseError):
    """There is no such thing, or the caller may not know that there is."""

    code = rpc_code = "not_found"
    status = 404
    title = "Not found"


class AlreadyExists(HanseError):
    """What should be created is there."""

    code = rpc_code = "already_exists"
    status = 409
    title = "Already exists"


class Aborted(HanseError):
    """Somebody else was faster: read again and decide anew."""

    code = rpc_code = "aborted"
    status = 409
    title = "Conflict"


class ResourceExhausted(HanseError):
    """The caller used up its share.

    Attributes:
        retry_after: Seconds after which another try makes sense.
    """

    code = rpc_code = "resource_exhausted"
    status = 429
    title = "Too many requests"
    retry_after: int = 1


class Canceled(HanseError):
    """The caller no longer wants the answer. 499 is nginx's status for it; nobody reads it."""

    code = rpc_code = "canceled"
    status = 499
    title = "Canceled"


class Internal(HanseError):
    """A fault of the service. The cause is in its log, never in the answer."""

    code = rpc_code = "internal"
    status = 500
    title = "Internal error"
    log = True


class Unimplemented(HanseError):
    """Nobody serves this method here."""

    code = rpc_code = "unimplemented"
    status = 501
    title = "Not implemented"


class Unavailable(HanseError):
    """Not now: overload, drain, or a peer out of reach. Safe to repeat later.

    Attributes:
        retry_after: Seconds after which another try makes sense.
    """

    code = rpc_code = "unavailable"
    status = 503
    title = "Unavailable"
    retry_after: int = 1


class DeadlineExceeded(HanseError):
    """The time the caller gave ran out. What the call did by then may have happened."""

    code = rpc_code = "deadline_exceeded"
    status = 504
    title = "Deadline exceeded"


KINDS: tuple[type[HanseError], ...] = (
    InvalidArgument,
    FailedPrecondition,
    OutOfRange,
    Unauthenticated,
    PermissionDenied,
    NotFound,
    AlreadyExists,
    Aborted,
    ResourceExhausted,
    Canceled,
    Internal,
    Unimplemented,
    Unavailable,
    DeadlineExceeded,
)
"""Every kind of the platform, most of them a Connect code; any method may end with any of them."""


def rebuilt(kind: type[HanseError], detail: str, fields: bytes) -> HanseError:
    """An error that was written down: its type, its sentence, and its fields as JSON."""
    try:
        given: dict[str, Any] = msgspec.json.decode(fields)
        return kind(detail, **given)
    except (msgspec.MsgspecError, TypeError):
        # Another release of the error wrote them: its kind and sentence still hold.
        nearest = next(one for one in (*KINDS, HanseError) if issubclass(kind, one))
        return nearest(detail)
