"""What of a contract the outside sees: methods with a route, and the types these mention."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from hanse.runtime.contract.description import (
    AnyOf,
    ContractDescription,
    ErrorDescription,
    Many,
    MethodDescription,
    Ref,
    Row,
    Shape,
    Table,
)


def parts(shape: Shape) -> Iterator[Shape]:
    """The shape itself and every shape inside it; a `Ref` is not followed."""
    yield shape
    match shape:
        case Many(item=inner) | Table(value=inner):
            yield from parts(inner)
        case Row(items=inner) | AnyOf(options=inner):
            for each in inner:
                yield from parts(each)
        case _:
            return


def mentioned(shapes: Iterable[Shape]) -> set[str]:
    """Names of the structs that the shapes refer to directly."""
    return {part.name for shape in shapes for part in parts(shape) if isinstance(part, Ref)}


def reachable(contract: ContractDescription, shapes: Iterable[Shape]) -> frozenset[str]:
    """Names of all structs found by following the shapes through the contract's types."""
    types = {described.name: described for described in contract.types}
    found: set[str] = set()
    waiting = mentioned(shapes)
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= mentioned(field.shape for field in types[name].fields) - found
    return frozenset(found)


def outside(contract: ContractDescription) -> ContractDescription:
    """The contract without internal methods, and without types and errors only they mention."""
    methods = tuple(method for method in contract.methods if method.verb and method.path)
    codes = {code for method in methods for code in method.errors}
    errors = tuple(error for error in contract.errors if error.code in codes)
    kept = reachable(contract, [*_method_shapes(methods), *_error_shapes(errors)])
    types = tuple(described for described in contract.types if described.name in kept)
    return msgspec.structs.replace(contract, methods=methods, types=types, errors=errors)


def inbound_types(contract: ContractDescription) -> frozenset[str]:
    """Structs that can be part of a request, where unknown fields are refused."""
    arguments = (field.shape for method in contract.methods for field in method.arguments)
    return reachable(contract, arguments)


def union_types(contract: ContractDescription) -> frozenset[str]:
    """Structs that are told apart by their tag somewhere, so that the tag must be there."""
    roots = [
        *_method_shapes(contract.methods),
        *_error_shapes(contract.errors),
        *(field.shape for described in contract.types for field in described.fields),
    ]
    unions = [part for root in roots for part in parts(root) if isinstance(part, AnyOf)]
    members = [[o.name for o in union.options if isinstance(o, Ref)] for union in unions]
    return frozenset(name for names in members if len(names) > 1 for name in names)


def _method_shapes(methods: Iterable[MethodDescription]) -> Iterator[Shape]:
    for method in methods:
        yield method.result
        for argument in method.arguments:
            yield argument.shape


def _error_shapes(errors: Iterable[ErrorDescription]) -> Iterator[Shape]:
    for error in errors:
        for field in error.fields:
            yield field.shape
