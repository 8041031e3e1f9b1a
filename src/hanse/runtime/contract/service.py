"""`Contract` and `Service`: the classes people write, read once when they are made."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, ClassVar

from hanse.runtime.contract.checks import (
    check_method,
    check_names,
    check_override,
    check_routes,
)
from hanse.runtime.contract.declaration import DECLARATION, Declaration
from hanse.runtime.contract.method import Method
from hanse.runtime.contract.mistakes import Mistakes
from hanse.runtime.contract.pages.page import read_pages
from hanse.runtime.contract.route import parse_route
from hanse.runtime.contract.signature import read_signature
from hanse.runtime.contract.unasked.unasked import declares_unasked, read_unasked

if TYPE_CHECKING:
    from collections.abc import Callable


class ContractModel:
    """What was read of a contract class.

    Attributes:
        full_name: `crm.v1.Contacts`, its name on the wire.
        methods: By Python name.
    """

    __slots__ = ("cls", "doc", "full_name", "methods", "name", "package")

    def __init__(self, cls: type[Contract], package: str, methods: tuple[Method, ...]) -> None:
        self.cls = cls
        self.name = cls.__name__
        self.package = package
        self.full_name = f"{package}.{cls.__name__}"
        self.doc = inspect.cleandoc(cls.__doc__ or "")
        self.methods = {method.name: method for method in methods}


class Contract:
    """What callers see of a service: subclass it, declare methods with `@rpc` and bodies of `...`.

    Its package on the wire is taken from the routes (`/crm/v1/…` is `crm.v1`); a contract without
    any route names it: `class Ledger(Contract, package="billing.v1")`.

    Raises:
        DeclarationError: When the class is made, with every mistake in it.
    """

    __contract__: ClassVar[ContractModel]

    def __init_subclass__(cls, *, package: str = "", **options: Any) -> None:
        super().__init_subclass__(**options)
        if Service in cls.__mro__:
            return
        with Mistakes(f"Contract {cls.__name__}").collecting() as mistakes:
            cls.__contract__ = read_contract(cls, package, mistakes)


class Service:
    """What serves a contract: subclass it and write methods.

    A service of its own declares its methods with `@rpc`, or has only such as its host calls by
    itself. One that implements a contract names it as another base,
    `class Contacts(Service, api.Contacts)`, and overrides each of its methods.

    Raises:
        DeclarationError: When the class is made, with every mistake in it.
    """

    __contract__: ClassVar[ContractModel]
    __pages__: ClassVar[tuple[Method, ...]] = ()
    __unasked__: ClassVar[tuple[Any, ...]] = ()

    def __init_subclass__(
        cls, *, package: str = "", template: bool = False, **options: Any
    ) -> None:
        super().__init_subclass__(**options)
        if template:  # it has no methods before somebody subclasses it
            return
        with Mistakes(f"Service {cls.__name__}").collecting() as mistakes:
            cls.__pages__ = read_pages(cls, mistakes)
            contracts = _contracts_of(cls)
            if contracts:
                _check_implements(cls, contracts, mistakes)
            else:
                cls.__contract__ = read_contract(cls, package, mistakes)
            cls.__unasked__ = read_unasked(cls, cls.__contract__.full_name, mistakes)


def contract_of(cls: type) -> ContractModel | None:
    """The contract of a class, if it is one or serves one."""
    return getattr(cls, "__contract__", None)


def contract_to_serve(service: type) -> ContractModel:
    """The contract a service serves.

    Raises:
        TypeError: The class is no service, or a contract that somebody else implements.
    """
    contract = contract_of(service)
    if contract is None:
        raise TypeError(f"{service.__name__} is no Service; a host runs subclasses of Service.")
    if not hasattr(service, "__pages__"):
        raise TypeError(f"{service.__name__} is a contract; list the service that implements it.")
    return contract


def read_contract(cls: type, package: str, mistakes: Mistakes) -> ContractModel:
    """Reads all declared methods of a class, its parents' included."""
    declared = _declared(cls)
    unasked = declares_unasked(cls)
    if not declared and not unasked and not getattr(cls, "__pages__", ()):
        mistakes.add(cls.__name__, "declares no method", "decorate one with @rpc(…)")
    check_routes(cls, declared, mistakes)
    package = package or _package_of(cls, declared, mistakes, needed=unasked)
    service = f"{package}.{cls.__name__}"
    read = (_method(name, value, service, mistakes) for name, value in declared.items())
    methods = tuple(method for method in read if method)
    check_names(cls.__name__, methods, mistakes)
    return ContractModel(cls, package, methods)


def _method(
    name: str, function: Callable[..., Any], service: str, mistakes: Mistakes
) -> Method | None:
    declaration: Declaration = getattr(function, DECLARATION)
    where = f"{service.rpartition('.')[2]}.{name}"
    before = len(mistakes)
    signature = read_signature(function, where, mistakes)
    route = check_method(function, declaration, signature, where, mistakes)
    if signature is None or len(mistakes) > before:
        return None
    doc = inspect.cleandoc(function.__doc__ or "")
    return Method(name, signature, declaration, service=service, route=route, doc=doc)


def _declared(cls: type) -> dict[str, Callable[..., Any]]:
    """Methods with a declaration by name, parents first, each in the order it was written."""
    members = (item for parent in reversed(cls.__mro__) for item in vars(parent).items())
    return {name: value for name, value in members if hasattr(value, DECLARATION)}


def _package_of(
    cls: type, declared: dict[str, Callable[..., Any]], mistakes: Mistakes, *, needed: bool
) -> str:
    packages: set[str] = set()
    routes = [getattr(function, DECLARATION).route for function in declared.values()]
    for route in filter(None, routes):
        try:
            packages.add(parse_route(route).package)
        except ValueError:
            continue  # said where the method itself is checked
    if len(packages) > 1:
        listed = ", ".join(sorted(packages))
        mistakes.add(cls.__name__, f"routes of several packages ({listed})", "one class a package")
    if (declared or needed) and not any(routes):
        remedy = f'class {cls.__name__}(…, package="domain.v1")'
        mistakes.add(cls.__name__, "no route says which package it is of", remedy)
    return min(packages, default="unknown.v0")


def _contracts_of(cls: type) -> list[type[Contract]]:
    """Contract-only classes among the parents, the most derived ones only."""
    found = [
        parent
        for parent in cls.__mro__[1:]
        if issubclass(parent, Contract) and parent is not Contract and Service not in parent.__mro__
    ]
    return [one for one in found if not any(one is not o and issubclass(o, one) for o in found)]


def _check_implements(cls: type, contracts: list[type[Contract]], mistakes: Mistakes) -> None:
    if len(contracts) > 1:
        listed = ", ".join(contract.__name__ for contract in contracts)
        mistakes.add(cls.__name__, f"implements several contracts ({listed})", "one service each")
    contract = contracts[0].__contract__
    for name, value in _declared(cls).items():
        if name not in contract.methods or getattr(contract.cls, name) is not value:
            remedy = f"declare it in {contract.name} and write it here without @rpc"
            mistakes.add(f"{cls.__name__}.{name}", "has an @rpc of its own", remedy)
    for method in contract.methods.values():
        check_override(cls, contract.cls, method, mistakes)
