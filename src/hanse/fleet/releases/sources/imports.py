"""What a module may import, read from its text: nothing is run to know it."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

# They take the name of a module as text; where it is no literal, it may be any.
_BY_NAME = frozenset({"import_module", "__import__", "find_spec", "run_module"})
_OF_PACKAGE = frozenset({"files", "PackageLoader", "get_data", "iter_modules", "walk_packages"})


class Imports(msgspec.Struct, frozen=True):
    """What is known of a module's text.

    Attributes:
        names: Modules it names, and what may be modules: `a.b` and `a.b.c` of
            `from a.b import c`.
        anything: Whether it also imports what only a run could tell.
    """

    names: frozenset[str] = frozenset()
    anything: bool = False


def imports_of(text: bytes, package: str) -> Imports:
    """Reads a module, whatever is wrong in it: who imports it is told that.

    Args:
        text: Its source.
        package: Where relative imports begin: the module itself if it is a package, else the
            package it lies in.
    """
    try:
        nodes = list(ast.walk(ast.parse(text)))
    except (SyntaxError, ValueError):
        return Imports()
    names: set[str] = set()
    anything = False
    for node in nodes:
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            names.update(_from(node, package))
        elif isinstance(node, ast.Call) and (called := _called(node)):
            literal = _first_literal(node, package)
            if literal:
                names.add(literal)
            anything = anything or (called in _BY_NAME and not literal)
    return Imports(frozenset(names), anything)


def _from(node: ast.ImportFrom, package: str) -> Iterator[str]:
    source = _absolute(f"{'.' * node.level}{node.module or ''}", package)
    if source:
        yield source
        yield from (f"{source}.{alias.name}" for alias in node.names)


def _absolute(name: str, package: str) -> str:
    """`..rules` seen from `shop.cart` is `shop.rules`; empty where that leads out of everything."""
    plain = name.lstrip(".")
    level = len(name) - len(plain)
    if not level:
        return plain
    above = package.split(".") if package else []
    if level - 1 >= len(above):
        return ""
    kept = above[: len(above) - (level - 1)]
    return ".".join((*kept, *([plain] if plain else [])))


def _called(node: ast.Call) -> str:
    """Which of the functions that know modules by name is called; empty for any other."""
    function = node.func
    name = function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
    return name if name in _BY_NAME | _OF_PACKAGE else ""


def _first_literal(node: ast.Call, package: str) -> str:
    first = node.args[0] if node.args else None
    if isinstance(first, ast.Constant) and isinstance(first.value, str):
        return _absolute(first.value, package)
    return ""
