"""What else can be wrong with a method: routes, permission, errors, names, overrides."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.contract.declaration import DECLARATION, Declaration
from hanse.runtime.contract.immutable import (
    SCALARS,
    is_struct,
    parts,
    type_name,
    unwrapped,
)
from hanse.runtime.contract.pages.cookie import cookies_in
from hanse.runtime.contract.route import BODILESS, Route, parse_route
from hanse.runtime.contract.signature import note_flaws, read_signature
from hanse.runtime.errors import KINDS, HanseError, fields_type

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.runtime.contract.method import Method, Signature
    from hanse.runtime.contract.mistakes import Mistakes


def check_method(
    function: Callable[..., Any],
    declaration: Declaration,
    signature: Signature | None,
    where: str,
    mistakes: Mistakes,
) -> Route | None:
    """Notes what is wrong with one method's declaration; gives its route if it has one."""
    if not inspect.isfunction(function):
        mistakes.add(where, "is no plain method", "write @rpc above async def, or def, alone")
    if declaration.allow is None:
        remedy = 'say who may call: allow=PUBLIC, SIGNED_IN or permission("…")'
        mistakes.add(where, "says not who may call it", remedy)
    if declaration.timeout <= 0 or declaration.max_body <= 0 or declaration.concurrency <= 0:
        mistakes.add(where, "has a limit below one", "timeout, max_body, concurrency are positive")
    if signature and signature.streams and inspect.iscoroutinefunction(function):
        mistakes.add(
            where, "awaits before it streams", "yield items, or in a contract use plain def"
        )
    if signature:
        _check_no_cookies(signature, where, mistakes)
    _check_errors(declaration.errors, where, mistakes)
    route = _check_route(declaration, signature, where, mistakes)
    if declaration.body:
        _check_body(declaration.body, route, signature, where, mistakes)
    return route


def check_routes(cls: type, declared: dict[str, Callable[..., Any]], mistakes: Mistakes) -> None:
    """Notes routes that two methods share."""
    taken: dict[str, str] = {}
    for name, function in declared.items():
        route: str | None = getattr(function, DECLARATION).route
        if route is not None and taken.setdefault(route, name) != name:
            mistakes.add(
                f"{cls.__name__}.{name}",
                f"has the route of {taken[route]} ({route})",
                "give it its own",
            )


def check_names(where: str, methods: tuple[Method, ...], mistakes: Mistakes) -> None:
    """Notes errors and types of which two would be published under one name."""
    taken: dict[str, Any] = {}
    for error in (one for method in methods for one in method.errors.values()):
        if (other := taken.setdefault(error.code, error)) is not error:
            what = f"the code {error.code} is of two errors ({_both(other, error)})"
            mistakes.add(where, what, "one code, one error")
    holders = dict.fromkeys(method.request_type for method in methods)
    holders |= dict.fromkeys(fields_type(error) for error in taken.values())
    answers = (method.signature.result for method in methods)
    taken = {}
    for struct in filter(is_struct, parts(*holders, *answers)):
        name = type_name(struct)
        if struct not in holders and (other := taken.setdefault(name, struct)) != struct:
            what = f"{name} would be the published name of two types ({_both(other, struct)})"
            mistakes.add(where, what, "rename one, or subclass it under a name of its own")


def check_override(cls: type, contract: type, method: Method, mistakes: Mistakes) -> None:
    """Notes when `cls` does not implement `method`, or not as the contract says."""
    where = f"{cls.__name__}.{method.name}"
    function: Any = getattr(cls, method.name)
    if function is getattr(contract, method.name):
        remedy = f"write {method.name} as {contract.__name__} declares it"
        mistakes.add(where, "is declared in the contract and not written", remedy)
        return
    signature = read_signature(function, where, mistakes)
    if signature and shape_of(signature) != shape_of(method.signature):
        mistakes.add(where, "differs from its contract", f"make it {described(method.signature)}")
    if signature and signature.streams and inspect.iscoroutinefunction(function):
        mistakes.add(where, "awaits before it streams", "make it an async generator: yield items")


def shape_of(signature: Signature) -> tuple[Any, ...]:
    """What two signatures must share to be the same for a caller."""
    fields = msgspec.structs.fields(signature.request_type)
    arguments = tuple((field.name, field.type, field.default) for field in fields)
    return (arguments, signature.named, signature.result, signature.streams)


def described(signature: Signature) -> str:
    """A signature as a developer would write it."""
    fields = msgspec.structs.fields(signature.request_type)
    arguments = [f"{field.name}: {inspect.formatannotation(field.type)}" for field in fields]
    if signature.named:
        arguments.insert(-len(signature.named), "*")
    answer = inspect.formatannotation(signature.result)
    answer = f"AsyncIterator[{answer}]" if signature.streams else answer
    return f"({', '.join(arguments)}) -> {answer}"


def _check_no_cookies(signature: Signature, where: str, mistakes: Mistakes) -> None:
    for field in msgspec.structs.fields(signature.request_type):
        if cookies_in(field.type):
            remedy = "only pages and forms read cookies: take it as an argument like any other"
            mistakes.add(where, f"{field.name} is of a cookie", remedy)


def _check_errors(errors: tuple[Any, ...], where: str, mistakes: Mistakes) -> None:
    kinds = {kind.code for kind in KINDS}
    codes: set[str] = set()
    for error in errors:
        if not (inspect.isclass(error) and issubclass(error, HanseError)):
            mistakes.add(where, f"{error!r} is no error", "subclass one of hanse's errors")
        elif error.code in kinds:
            remedy = 'class …(NotFound): code = "…"; the kinds themselves need no declaring'
            mistakes.add(where, f"{error.__name__} has the code of its kind", remedy)
        elif error.code in codes:
            mistakes.add(where, f"declares the code {error.code} twice", "one code, one error")
        else:
            codes.add(error.code)
            _check_fields(error, where, mistakes)


def _check_fields(error: type[HanseError], where: str, mistakes: Mistakes) -> None:
    try:
        fields = msgspec.structs.fields(fields_type(error))
    except (NameError, TypeError) as failure:
        what = f"the fields of {error.__name__} cannot be read ({failure})"
        mistakes.add(where, what, "define their types in the module")
        return
    for field in fields:
        note_flaws(field.type, f"{where} {error.__name__}.{field.name}", mistakes)


def _check_body(
    name: str, route: Route | None, signature: Signature | None, where: str, mistakes: Mistakes
) -> None:
    """Notes a body that a request of the route could not have, or that is no argument."""
    if route is None or route.verb in BODILESS:
        mistakes.add(where, "names a body", "only a route of POST, PUT or PATCH has one")
    if signature is None:
        return
    fields = {field.name: field.type for field in msgspec.structs.fields(signature.request_type)}
    if name not in fields:
        mistakes.add(where, f"its body is to be {name!r}", f"take an argument {name}")
    elif not is_struct(unwrapped(fields[name])):
        mistakes.add(where, f"its body {name} is no struct", "a body of its own is a Struct")
    elif route is not None and name in route.parameters:
        mistakes.add(where, f"{name} is body and in the path", "take it out of one")


def _check_route(
    declaration: Declaration, signature: Signature | None, where: str, mistakes: Mistakes
) -> Route | None:
    text = declaration.route
    if text is None:
        return None
    try:
        route = parse_route(text)
    except ValueError as error:
        mistakes.add(where, f"route {text!r} cannot be read", str(error))
        return None
    if signature is not None:
        check_parameters(route, signature, where, mistakes, body=declaration.body)
    return route


def check_parameters(
    route: Route, signature: Signature, where: str, mistakes: Mistakes, *, body: str = ""
) -> None:
    """Notes parameters of a path that are no arguments, and arguments that a query cannot carry."""
    fields = {field.name: field.type for field in msgspec.structs.fields(signature.request_type)}
    for name in route.parameters:
        if name not in fields:
            mistakes.add(where, f"the path names {{{name}}}", f"take an argument {name}: str")
        elif not _is_text(fields[name]):
            mistakes.add(where, f"{name} is in the path", "it must be a str, int, UUID or enum")
    if route.verb in BODILESS or body:
        for name, annotation in fields.items():
            if name != body and not fits_text(annotation):
                remedy = "a query carries scalars and tuples of them; use POST with a body"
                mistakes.add(where, f"{name} does not fit the query of a {route.verb}", remedy)


def _is_text(annotation: Any) -> bool:
    plain = unwrapped(annotation)
    return plain in SCALARS - {None, type(None), bytes, float, bool} or _is_choice(plain)


def _is_choice(annotation: Any) -> bool:
    info = msgspec.inspect.type_info(annotation)
    return isinstance(info, (msgspec.inspect.EnumType, msgspec.inspect.LiteralType))


def fits_text(annotation: Any) -> bool:
    """Whether a query or a form can carry values of a type: scalars, and many under one name."""
    info: Any = msgspec.inspect.type_info(annotation)
    if isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    if isinstance(info, msgspec.inspect.UnionType):
        return all(_is_flat(option) for option in info.types)
    if isinstance(info, (msgspec.inspect.VarTupleType, msgspec.inspect.FrozenSetType)):
        return _is_flat(info.item_type)
    return _is_flat(info)


def is_scalar(annotation: Any) -> bool:
    """Whether values of a type are one text each."""
    info: Any = msgspec.inspect.type_info(annotation)
    if isinstance(info, msgspec.inspect.Metadata):
        info = info.type
    options = info.types if isinstance(info, msgspec.inspect.UnionType) else (info,)
    return all(_is_flat(option) for option in options)


def _is_flat(info: Any) -> bool:
    composite = (
        msgspec.inspect.StructType, msgspec.inspect.CollectionType, msgspec.inspect.DictType,
        msgspec.inspect.TupleType, msgspec.inspect.UnionType,
    )  # fmt: skip
    return not isinstance(info, composite)


def _both(*named: Any) -> str:
    """Where two classes are defined, for their developer."""
    return " and ".join(
        f"{one.__module__}.{one.__qualname__}" if isinstance(one, type) else str(one)
        for one in named
    )
