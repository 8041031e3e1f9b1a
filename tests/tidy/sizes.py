"""Rules about size: lines, parameters, files, functions, folders."""

import ast
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from tests.tidy.source import Finding, Source, functions

LINE_MAX = 100
TEST_LINE_MAX = 160  # a table of cases reads best a row a line
PARAMETERS_MAX = 6
TEST_FILE_MAX = 800
DEPTH_MAX = 4
MODULES_MAX = 14
PACKAGE_ROOT = PurePosixPath("src")


@dataclass(frozen=True)
class Limit:
    """How long a thing may be: up to wish freely, up to never if the ratchet lists it."""

    noun: str
    wish: int
    never: int


FILE = Limit("file", wish=300, never=500)
FUNCTION = Limit("function", wish=40, never=70)


def line_length(source: Source) -> Iterator[Finding]:
    most = TEST_LINE_MAX if source.is_test else LINE_MAX
    for number, line in enumerate(source.lines, 1):
        if len(line) > most:
            says = f"line of {len(line)} characters, {most} at most: break it"
            yield Finding(source.path, number, says)


def parameters(source: Source) -> Iterator[Finding]:
    if source.is_test:
        return
    for name, function in functions(source.tree):
        if _is_form(function):
            continue
        listed = function.args
        names = [a.arg for a in (*listed.posonlyargs, *listed.args, *listed.kwonlyargs)]
        count = sum(each not in ("self", "cls") for each in names)
        if count > PARAMETERS_MAX:
            says = (
                f"{name} takes {count} parameters, {PARAMETERS_MAX} at most: "
                "those that travel together are a dataclass"
            )
            yield Finding(source.path, function.lineno, says)


def _is_form(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether its parameters are the fields of a form: people fill in as many as there are."""
    calls = (one.func for one in function.decorator_list if isinstance(one, ast.Call))
    return any(isinstance(one, ast.Name) and one.id == "form" for one in calls)


def test_file_length(source: Source) -> Iterator[Finding]:
    if source.is_test and len(source.lines) > TEST_FILE_MAX:
        says = f"{len(source.lines)} lines, {TEST_FILE_MAX} at most: split it by what it tests"
        yield Finding(source.path, 1, says)


def file_lengths(sources: Iterable[Source]) -> dict[str, int]:
    return {str(each.path): len(each.lines) for each in sources if not each.is_test}


def function_lengths(sources: Iterable[Source]) -> dict[str, int]:
    """Map path::qualified.name to lines, the docstring not counted: explaining is free."""
    return {
        f"{source.path}::{name}": length(function)
        for source in sources
        if not source.is_test
        for name, function in functions(source.tree)
    }


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    assert function.end_lineno is not None
    whole = function.end_lineno - function.lineno + 1
    match function.body[0]:
        case ast.Expr(value=ast.Constant(value=str())) as docstring:
            assert docstring.end_lineno is not None
            return whole - (docstring.end_lineno - docstring.lineno + 1)
        case _:
            return whole


def ratchet(limit: Limit, measured: Mapping[str, int], listed: Mapping[str, int]) -> Iterator[str]:
    """Hold what is listed at its number or below, everything else at the wish; lists shrink."""
    for name, lines in measured.items():
        if lines > limit.never:
            yield f"{name}: {limit.noun} of {lines} lines, never over {limit.never}: split it"
        elif lines > listed.get(name, limit.wish):
            allowed = listed.get(name, limit.wish)
            yield f"{name}: {limit.noun} of {lines} lines, {allowed} at most: split it by noun"
    for name in listed:
        lines = measured.get(name, 0)
        if lines <= limit.wish:
            yield f"{name}: {lines} lines now, within the wish: take it off tests/tidy/ratchet.toml"


def folder_depth(sources: Iterable[Source]) -> Iterator[Finding]:
    for source in sources:
        if not source.is_shipped:
            continue
        depth = len(source.path.relative_to(PACKAGE_ROOT).parts) - 1
        if depth > DEPTH_MAX:
            says = f"{depth} folders deep, {DEPTH_MAX} at most: name it by one noun, higher up"
            yield Finding(source.path, 1, says)


def folder_width(sources: Iterable[Source]) -> Iterator[Finding]:
    modules = Counter(
        source.path.parent
        for source in sources
        if not source.is_test and source.path.name != "__init__.py"
    )
    for folder, count in modules.items():
        if count > MODULES_MAX:
            says = f"{count} modules in one folder, {MODULES_MAX} at most: split it by noun"
            yield Finding(folder, 1, says)
