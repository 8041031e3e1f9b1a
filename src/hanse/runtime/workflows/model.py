"""What was read of one version of a workflow, and of the functions that are its steps."""

from __future__ import annotations

import functools
import typing
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.kit.clock import monotonic_ns
from hanse.kit.ids import span_id
from hanse.runtime.call.context import Call, Origin
from hanse.runtime.data.personal.keys_opened import KeysOpened
from hanse.runtime.errors import InvalidArgument
from hanse.runtime.identity.principal import Principal
from hanse.runtime.telemetry.trace_context import parse
from hanse.runtime.workflows.personal.declared import sealed_value

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from hanse.runtime.call.context import Keyed
    from hanse.runtime.call.deadline import Deadlines
    from hanse.runtime.contract.method import Method
    from hanse.runtime.data.query.fields import Path
    from hanse.runtime.workflows.limits.limit import Limit
    from hanse.runtime.workflows.personal.declared import Sealed
    from hanse.runtime.workflows.schedules.schedule import Schedule

VALUE_BYTES_MAX = 1024 * 1024
"""Of what a workflow is given, and of what one step gives."""

FUNCTIONS_MAX = 4096

NEVER_NS = 2**62

_encode = msgspec.json.Encoder().encode
decode_value = msgspec.json.Decoder().decode
"""A value of which nobody here knows the type."""


def encode_value(value: object) -> bytes:
    """A value that goes to an instance, as it is kept.

    Raises:
        InvalidArgument: It has no JSON form, or is too large.
    """
    try:
        body = _encode(value)
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidArgument(f"It cannot be sent to a workflow: {error}.") from None
    if len(body) > VALUE_BYTES_MAX:
        raise InvalidArgument(f"It has {len(body)} bytes; {VALUE_BYTES_MAX} are the most.")
    return body


class WorkflowModel:
    """One version of a workflow.

    Attributes:
        name: `shop.v1.Checkout/Place`, as all versions of it are called.
        version: Which one.
        function: The method that is it.
        attribute: How its class calls that.
        method: Its arguments and its answer.
        result: How what it gives is kept.
        given: What of its arguments is kept sealed; None if nothing is.
        person: Where among them the id of its person stands; empty where it is of nobody.
        schedule: When it begins by itself; None where it does not.
        limit: How many are under way; None for any number.
    """

    __slots__ = (
        "attribute", "function", "given", "limit", "method", "name", "person", "result", "schedule",
        "version",
    )  # fmt: skip

    def __init__(
        self, method: Method, function: Callable[..., Any], attribute: str, version: int
    ) -> None:
        self.method = method
        self.function = function
        self.name = method.full_name
        self.attribute = attribute
        self.version = version
        self.result = ResultType(method.signature.result, f"{attribute} answer")
        self.given: Sealed | None = None
        self.person: Path = ()
        self.schedule: Schedule | None = None
        self.limit: Limit | None = None

    @property
    def runner(self) -> type:
        """What runs it; a host makes one from its database."""
        from hanse.runtime.workflows.workflows import Workflows

        return Workflows

    @property
    def takes_time(self) -> bool:
        """Whether it takes an argument, which is the time it is due where it begins by itself."""
        return bool(msgspec.structs.fields(self.method.request_type))

    def write_input(self, arguments: tuple[Any, ...], named: dict[str, Any]) -> bytes:
        """Its arguments as they are kept.

        Raises:
            InvalidArgument: They are none of this workflow.
        """
        try:
            request = self.method.request_type(*arguments, **named)
        except TypeError as error:
            raise InvalidArgument(f"{self.name} takes other arguments: {error}.") from None
        body = self.method.write_arguments(request)
        self.method.checked_arguments(body)
        if len(body) > VALUE_BYTES_MAX:
            raise InvalidArgument(
                f"{self.name} is given {len(body)} bytes; {VALUE_BYTES_MAX} are the most. Keep "
                "what is large in a collection or a file, and pass its id."
            )
        return body

    def lane(self, site: str, body: bytes) -> str | None:
        """The line that an instance stands in, by its arguments; None where there is no limit."""
        if self.limit is None:
            return None
        return self.limit.lane(site, self.method.read_arguments(body))

    def call(self, site: str, locale: str, deadlines: Deadlines, id: UUID, link: str = "") -> Call:
        """The call that an instance of it is, to all that it does; its trace is its own for ever.

        Args:
            site: The tenant.
            locale: Of who began it.
            deadlines: Of its host.
            id: Of the instance.
            link: The step that began it, as W3C `traceparent`.
        """
        service = self.method.service
        origin = Origin(site, Principal("service", service), locale, service, str(id))
        now, told = monotonic_ns(), parse(link, None)
        return Call(
            self.method, origin, now, NEVER_NS, deadlines, id.hex, span_id(),
            sampled=told is not None and told.sampled, opened=KeysOpened(),
        )  # fmt: skip


def step_call(outer: Call, keyed: Keyed, seconds: float) -> Call:
    """The call that one try of a step is."""
    now = monotonic_ns()
    return Call(
        outer.method,
        outer.origin,
        now,
        now + int(seconds * 1_000_000_000),
        outer.deadlines,
        outer.trace_id,
        span_id(),
        outer.span_id,
        sampled=outer.sampled,
        keyed=keyed,
        opened=KeysOpened(outer.opened),
    )


class ResultType:
    """How what a function gives is written down and read again.

    Args:
        annotation: What it says it gives.
        where: What it is called in a mistake.

    Attributes:
        sealed: What of it is kept sealed; None if nothing is.

    Raises:
        DeclarationError: It says something of persons that cannot be.
    """

    __slots__ = ("_read", "sealed")

    def __init__(self, annotation: Any, where: str) -> None:
        self.sealed = sealed_value(annotation, where)
        self._read = msgspec.json.Decoder(annotation).decode

    def write(self, value: Any, name: str) -> bytes:
        """A value as it is kept, of which it is known that it can be read.

        Raises:
            TypeError: It is of another type, or too large.
        """
        try:
            body = _encode(value)
            self._read(body)
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
            text = f"{name} gave what it does not say it gives: {complaint(error, self.sealed)}"
            raise TypeError(text) from (None if self.sealed else error)
        if len(body) > VALUE_BYTES_MAX:
            raise TypeError(
                f"{name} gave {len(body)} bytes; {VALUE_BYTES_MAX} are the most. Keep what is "
                "large in a collection or a file, and give its id."
            )
        return body

    def read(self, body: bytes) -> Any:
        """The value that was written.

        Raises:
            msgspec.MsgspecError: The type has changed so that it is none of it any more.
            TypeError: So it has, and it is personal.
        """
        if self.sealed is None:
            return self._read(body)
        try:
            return self._read(body)
        except msgspec.MsgspecError as error:
            text = f"What was kept is of another type: {complaint(error, self.sealed)}"
            raise TypeError(text) from None


def result_of(function: Callable[..., Any]) -> ResultType:
    """How the results of a function are kept.

    Raises:
        TypeError: It does not say what it gives.
        DeclarationError: That says something of persons that cannot be.
    """
    while isinstance(function, functools.partial):
        function = function.func
    return _result_of(getattr(function, "__func__", function))


@functools.lru_cache(FUNCTIONS_MAX)
def _result_of(function: Callable[..., Any]) -> ResultType:
    name = getattr(function, "__qualname__", repr(function))
    hints = typing.get_type_hints(function, include_extras=True)
    if "return" not in hints:
        raise TypeError(f"{name} is a step and does not say what it gives; write -> T, or -> None")
    return ResultType(hints["return"], f"what {name} gives")


def read_signal(body: bytes, kind: Any, name: str, sealed: Sealed | None) -> Any:
    """The value of a signal.

    Raises:
        InvalidArgument: It is of another type.
    """
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        text = f"The signal {name} came with what is none of {kind!r}: {complaint(error, sealed)}"
        raise InvalidArgument(text) from None


def complaint(error: Exception, sealed: Sealed | None) -> str:
    """What is wrong with a value; where some of it is personal, only where, for it may be said."""
    text = str(error)
    return text if sealed is None else f"something is wrong at {text.rpartition(' - at ')[2][:200]}"


def name_of(function: Callable[..., Any]) -> str:
    """What a step is called in the journal: its function, without the mark of what is private."""
    while isinstance(function, functools.partial):
        function = function.func
    return getattr(function, "__name__", "step").lstrip("_")
