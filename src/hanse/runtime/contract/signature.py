"""Reads a function's signature, once, when its class is made."""

from __future__ import annotations

import inspect
import typing
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.contract.immutable import flaws, item_of_stream
from hanse.runtime.contract.method import Signature, rpc_name

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.contract.mistakes import Mistakes

_KINDS = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def read_signature(
    function: Callable[..., Any], where: str, mistakes: Mistakes, *, own: int = 1
) -> Signature | None:
    """The signature of a method, or None after its mistakes have been noted.

    Args:
        function: The method.
        where: What it is called in a mistake.
        mistakes: Takes them.
        own: How many of its first parameters are no argument of a caller: `self`, at least.
    """
    try:
        hints = typing.get_type_hints(function, include_extras=True)
    except Exception as error:  # noqa: BLE001 - evaluating annotations runs whatever they say
        mistakes.add(
            where, f"its annotations cannot be read ({error})", "define types in the module"
        )
        return None
    parameters = list(inspect.signature(function).parameters.values())[own:]
    fields = [_field(parameter, hints, where, mistakes) for parameter in parameters]
    if "return" not in hints:
        mistakes.add(where, "its answer has no type", "write -> T, or -> None")
    if None in fields or "return" not in hints:
        return None
    item = item_of_stream(hints["return"])
    result = hints["return"] if item is None else item
    note_flaws(result, f"{where} answer", mistakes)
    named = tuple(one.name for one in parameters if one.kind is one.KEYWORD_ONLY)
    request_type = _request_type(function, fields, len(named))
    return Signature(request_type, result, streams=item is not None, named=named)


def _request_type(
    function: Callable[..., Any], fields: list[Any], named: int
) -> type[msgspec.Struct]:
    """A struct that is made as the function is called: the last `named` fields go by name only."""
    name = f"{rpc_name(function.__name__)}Request"
    by_place = len(fields) - named
    request = msgspec.defstruct(name, fields[:by_place], frozen=True, module=function.__module__)
    if not named:
        return request
    return msgspec.defstruct(
        name, fields[by_place:], bases=(request,), frozen=True, kw_only=True,
        module=function.__module__,
    )  # fmt: skip


def _field(
    parameter: inspect.Parameter, hints: dict[str, Any], where: str, mistakes: Mistakes
) -> tuple[Any, ...] | None:
    name = parameter.name
    if parameter.kind not in _KINDS:
        mistakes.add(where, f"{name} is {parameter.kind.description}", "name every argument")
        return None
    if name not in hints:
        mistakes.add(where, f"{name} has no type", f"write {name}: T")
        return None
    note_flaws(hints[name], f"{where} {name}", mistakes)
    if parameter.default is inspect.Parameter.empty:
        return (name, hints[name])
    return (name, hints[name], _checked_default(parameter, hints[name], where, mistakes))


def _checked_default(
    parameter: inspect.Parameter, annotation: Any, where: str, mistakes: Mistakes
) -> Any:
    """The default as a caller would send it, so of the declared type and nobody's to change."""
    try:
        return msgspec.json.decode(msgspec.json.encode(parameter.default), type=annotation)
    except (TypeError, ValueError, msgspec.MsgspecError) as error:
        what = f"the default of {parameter.name} breaks its own rule ({error})"
        mistakes.add(where, what, "change one of the two")
        return None


def note_flaws(annotation: Any, where: str, mistakes: Mistakes) -> None:
    """Notes why a type cannot be part of a contract."""
    found = list(flaws(annotation))
    for what, remedy in found:
        mistakes.add(where, what, remedy)
    if not found:
        try:
            msgspec.inspect.type_info(annotation)
        except Exception as error:  # noqa: BLE001 - msgspec raises what it likes for odd types
            mistakes.add(where, f"is no type that JSON can carry ({error})", "use a Struct")
