"""One Python file as the rules see it: where it lies, its text, its syntax tree."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath

CHECKED_FOLDERS = ("src", "scripts", "benchmarks", "domains")


@dataclass(frozen=True)
class Source:
    """A file by its path from the root of the clone, with forward slashes."""

    path: PurePosixPath
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        return ast.parse(self.text)

    @cached_property
    def lines(self) -> list[str]:
        return self.text.splitlines()

    @property
    def is_test(self) -> bool:
        return "tests" in self.path.parts

    @property
    def is_shipped(self) -> bool:
        return self.path.is_relative_to("src/hanse") and not self.is_test

    def lies_in(self, *places: str) -> bool:
        return any(self.path.is_relative_to(place) for place in places)


@dataclass(frozen=True)
class Finding:
    """A fault with its remedy, in the form editors jump to."""

    path: PurePosixPath
    line: int
    says: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.says}"


def python_files(root: Path) -> list[Source]:
    return [
        Source(PurePosixPath(path.relative_to(root).as_posix()), path.read_text(encoding="utf-8"))
        for folder in CHECKED_FOLDERS
        for path in sorted((root / folder).rglob("*.py"))
    ]


def functions(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    """Yield every function with its qualified name, inner ones included."""
    waiting: list[tuple[str, ast.AST]] = [("", tree)]
    while waiting:
        prefix, node = waiting.pop()
        for child in ast.iter_child_nodes(node):
            name = prefix
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                name = f"{prefix}.{child.name}".lstrip(".")
            if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef):
                yield name, child
            waiting.append((name, child))
