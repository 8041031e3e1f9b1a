"""One method of a contract: its types, how they go on the wire, and what was declared of it."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.config.secret import encode_secret
from hanse.runtime.contract.file import accepted_body
from hanse.runtime.contract.incoming.incoming import is_as_it_came
from hanse.runtime.contract.violation import violation_of
from hanse.runtime.errors import HanseError, Internal, InvalidArgument

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.contract.declaration import Declaration
    from hanse.runtime.contract.route import Route
    from hanse.runtime.identity.permission import Rule

_encode = msgspec.json.Encoder().encode

# Whoever has a secret may hand it to a method that takes it; no answer ever has one.
_encode_arguments = msgspec.json.Encoder(enc_hook=encode_secret).encode


class Signature(msgspec.Struct, frozen=True):
    """What a function takes and gives.

    Attributes:
        request_type: A frozen struct with one field an argument, in the function's order.
        result: Annotation of the answer, or of one item when `streams`.
        named: Arguments that go by name only; they are the last.
    """

    request_type: type[msgspec.Struct]
    result: Any
    streams: bool
    named: tuple[str, ...] = ()


class Method:
    """One method of a contract, ready to be called and served.

    Arguments and answers are checked by writing and reading them as JSON with their declared type,
    on both sides of a call and also where both sides are in one process. So a value is never
    shared, and a rule that holds apart holds together.

    Attributes:
        upload: Which files its route takes, where the body of a request is a file as it is.
        as_it_came: Whether the body of a request is given to it as it came, with the headers.
        local: Whether it is a page that is shown to this machine alone.
    """

    def __init__(
        self,
        name: str,
        signature: Signature,
        declaration: Declaration,
        *,
        service: str,
        route: Route | None,
        doc: str,
    ) -> None:
        assert declaration.allow is not None
        self.name = name
        self.rpc_name = rpc_name(name)
        self.service = service
        self.full_name = f"{service}/{self.rpc_name}"
        self.route = route
        self.doc = doc
        self.rule: Rule = declaration.allow
        self.signature = signature
        self.request_type = signature.request_type
        self.body = declaration.body
        self.upload = accepted_body(signature.request_type, self.body)
        self.as_it_came = is_as_it_came(signature.request_type, self.body)
        self.errors = {error.code: error for error in declaration.errors}
        self.idempotent = _is_idempotent(declaration, route)
        self.timeout = declaration.timeout
        self.timeout_ns = int(declaration.timeout * 1_000_000_000)
        self.max_body = declaration.max_body
        self.concurrency = declaration.concurrency
        self.local = declaration.local

    # Decoders are made when first needed: of a host's thousands of methods most sleep.

    @functools.cached_property
    def read_arguments(self) -> Callable[[bytes], Any]:
        """Reads a request's JSON; msgspec's errors."""
        return msgspec.json.Decoder(self.request_type).decode

    @functools.cached_property
    def read_answer(self) -> Callable[[bytes], Any]:
        """Reads an answer's JSON; msgspec's errors."""
        return msgspec.json.Decoder(self.signature.result).decode

    @functools.cached_property
    def _connect_type(self) -> type[Any] | None:
        return _connect_type(self.signature.result)

    @functools.cached_property
    def _read_connect(self) -> Callable[[bytes], Any]:
        return msgspec.json.Decoder(self._connect_type or self.signature.result).decode

    def write_arguments(self, arguments: msgspec.Struct) -> bytes:
        """The arguments as JSON; `InvalidArgument` when one of them has no JSON form at all."""
        try:
            return _encode_arguments(arguments)
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise InvalidArgument(
                f"An argument of {self.full_name} is of a type that cannot be sent: {error}"
            ) from None

    def checked_arguments(self, body: bytes) -> Any:
        """Reads arguments; `InvalidArgument` names the field, the rule and what is allowed."""
        try:
            return self.read_arguments(body)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise invalid(error, self.request_type) from None

    def checked_answer(self, answer: Any) -> bytes:
        """An answer as JSON, proven to be of the declared type; `Internal` when it is not."""
        try:
            body = _encode(answer)
            self.read_answer(body)
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
            raise self._wrong_answer(error) from error
        return body

    def proven_answer(self, answer: Any) -> bytes:
        """An answer as JSON, of which it is known that it is of the declared type."""
        return _encode(answer)

    def copied_answer(self, answer: Any) -> Any:
        """An answer as another process would see it."""
        try:
            return self.read_answer(_encode(answer))
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
            raise self._wrong_answer(error) from error

    def error_of(self, code: str) -> type[HanseError] | None:
        """The declared error with that code."""
        return self.errors.get(code)

    def checked_connect_answer(self, answer: Any) -> bytes:
        """An answer as a Connect message, an object: any other is wrapped as `{"value": …}`."""
        if self._connect_type is None:
            return self.checked_answer(answer)
        try:
            body = _encode(self._connect_type(answer))
            self._read_connect(body)
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
            raise self._wrong_answer(error) from error
        return body

    def connect_message(self, answer: Any) -> Any:
        """An answer in the message that carries it."""
        return answer if self._connect_type is None else self._connect_type(answer)

    def read_connect_answer(self, body: bytes) -> Any:
        """What `checked_connect_answer` wrote, as the value it was.

        Raises:
            msgspec.MsgspecError: It is not of the declared type.
        """
        message = self._read_connect(body)
        return message if self._connect_type is None else message.value

    def _wrong_answer(self, error: Exception) -> Internal:
        return Internal(
            f"{self.full_name} gave an answer that its contract does not allow."
        ).because(error)


def invalid(error: Exception, kind: Any = None) -> InvalidArgument:
    """What a decoder's complaint about a value of some type says to the caller."""
    violation = violation_of(error, kind)
    return InvalidArgument(violation.message, violations=(violation,))


def rpc_name(name: str) -> str:
    """`merge_contacts` as Connect and proto spell it: `MergeContacts`."""
    return "".join(part.capitalize() for part in name.split("_"))


def is_object(annotation: Any) -> bool:
    """Whether values of a type are always JSON objects."""
    info = msgspec.inspect.type_info(annotation)
    return isinstance(info, (msgspec.inspect.StructType, msgspec.inspect.DictType))


def _connect_type(result: Any) -> type[Any] | None:
    """A struct around answers that are no objects by themselves; None for those that are."""
    if is_object(result):
        return None
    return msgspec.defstruct("Answer", [("value", result)], omit_defaults=True)


def _is_idempotent(declaration: Declaration, route: Route | None) -> bool:
    if declaration.idempotent is not None:
        return declaration.idempotent
    return route is not None and route.verb in {"GET", "PUT", "DELETE"}
