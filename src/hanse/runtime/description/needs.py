"""What a service calls: the contracts its constructor asks for, and the methods its code names.

A method counts as called where the code of the class says `self._cart.add(…)` of what its
constructor keeps as `self._cart = cart`. Whatever else is done with a contract, as handing it on,
may call anything: then all of it counts.
"""

from __future__ import annotations

import ast
import functools
import inspect
import sys
import textwrap
from typing import TYPE_CHECKING, Any

from hanse.runtime.contract.describe import describe
from hanse.runtime.contract.service import contract_of
from hanse.runtime.description.service_description import NeedDescription
from hanse.runtime.wiring import wishes_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.contract.service import ContractModel

TREES_MAX = 64
"""Classes whose code is kept, for many services have the same parents."""


def describe_needs(service: type) -> tuple[NeedDescription, ...]:
    """The contracts a service calls, by name.

    Raises:
        WiringError: The types of its constructor cannot be read.
    """
    asked = {name: _contract(kind) for name, kind in wishes_of(service).items()}
    wanted = {name: model for name, model in asked.items() if model is not None}
    if not wanted:
        return ()
    trees = tuple(_trees(service))
    found = (_need(model, called(trees, name)) for name, model in wanted.items())
    return tuple(sorted(found, key=lambda one: one.contract.full_name))


def _contract(kind: Any) -> ContractModel | None:
    return contract_of(kind) if inspect.isclass(kind) else None


def _need(model: ContractModel, names: frozenset[str] | None) -> NeedDescription:
    known = names is not None and names <= model.methods.keys()
    return NeedDescription(describe(model, names if known else None), whole=not known)


def _trees(service: type) -> Iterator[ast.AST | None]:
    """The code of a class and of its parents; None for one that has none."""
    for cls in service.__mro__:
        if cls.__module__ not in sys.stdlib_module_names:
            yield _tree(cls)


@functools.lru_cache(TREES_MAX)
def _tree(cls: type) -> ast.AST | None:
    try:
        return ast.parse(textwrap.dedent(inspect.getsource(cls)))
    except (OSError, TypeError, SyntaxError):
        return None


def called(trees: tuple[ast.AST | None, ...], argument: str) -> frozenset[str] | None:
    """Names of the methods that code calls of what its constructor is given; None if any may be.

    Args:
        trees: The code of a class and of its parents; None of one that cannot be read.
        argument: Of the constructor.
    """
    nodes = [node for tree in trees if tree for node in ast.walk(tree)]
    kept = {name for node in nodes for name in _kept_as(node, argument)}
    constructors = [one for one in nodes if isinstance(one, ast.FunctionDef)]
    uses = [
        node
        for function in constructors
        if function.name == "__init__"
        for node in ast.walk(function)
        if isinstance(node, ast.Name) and node.id == argument
    ]
    of_others = [one for one in map(_own, nodes) if one in kept]
    methods = [
        node.attr for node in nodes if isinstance(node, ast.Attribute) and _own(node.value) in kept
    ]
    # Every mention is either the keeping itself, or a method of what is kept.
    plain = len(uses) == len(kept) and len(of_others) == len(kept) + len(methods)
    return frozenset(methods) if plain and kept and None not in trees else None


def _kept_as(node: ast.AST, argument: str) -> Iterator[str]:
    """The attributes of `self` that `node` gives the argument to."""
    if isinstance(node, ast.Assign) and isinstance(node.value, ast.Name):
        pairs = [(target, node.value) for target in node.targets]
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Tuple):
        target = node.targets[0]
        names = target.elts if isinstance(target, ast.Tuple) else []
        pairs = list(zip(names, node.value.elts, strict=False))
    else:
        return
    for target, value in pairs:
        name = _own(target)
        if name and isinstance(value, ast.Name) and value.id == argument:
            yield name


def _own(node: ast.AST) -> str:
    """`name` of `self.name`; empty for anything else."""
    match node:
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            return name
        case _:
            return ""
