"""`hanse new`: begins a project: one service, its test, and what a repository needs around them."""

from __future__ import annotations

import keyword
import re
import sys
from importlib import metadata, resources
from typing import TYPE_CHECKING

import click

from hanse.cli.refusal import Refused

if TYPE_CHECKING:
    from pathlib import Path

_NAME = re.compile(r"[a-z][a-z0-9]*([_-][a-z0-9]+)*")
_NAME_LENGTH_MAX = 40
_TAKEN = frozenset(("hanse", "test", "tests"))

# Templates lack the endings of what they become, so that no tool takes them for our code.
FILES = {
    "hanse.toml": "project.txt",
    "pyproject.toml": "pyproject.txt",
    "README.md": "readme.txt",
    ".gitignore": "gitignore.txt",
    ".github/workflows/test.yml": "workflow.txt",
    "@package@/__init__.py": "package.txt",
    "@package@/service.py": "service.txt",
    "tests/test_@package@.py": "service_test.txt",
}


def new(name: str, folder: Path) -> None:
    """Makes the project and says what to type next.

    Raises:
        Refused: The name cannot be one, or the folder is there already.
    """
    package = name.replace("-", "_")
    _check_name(name, package)
    if folder.exists():
        raise Refused(f"{folder} is there already. Choose another name, or another place: --path")
    words = {
        "@name@": name,
        "@package@": package,
        "@class@": "".join(part.capitalize() for part in re.split("[_-]", name)),
        "@version@": metadata.version("hanse"),
    }
    templates = resources.files("hanse.cli") / "templates"
    for path, template in FILES.items():
        target = folder / _filled(path, words)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_filled((templates / template).read_text("utf-8"), words), "utf-8")
    click.echo(f"{folder} is ready: {package}/service.py is yours to change. Next:\n")
    click.secho(f"  cd {folder}\n  hanse dev", bold=True)
    click.echo("\nAnd as a fleet, with gateway, database and broker: hanse up")


def _check_name(name: str, package: str) -> None:
    if not _NAME.fullmatch(name) or len(name) > _NAME_LENGTH_MAX:
        raise Refused(
            f"{name!r} cannot name a project: use lower-case letters and digits, words joined "
            f"with - or _, {_NAME_LENGTH_MAX} characters at most, like web-shop."
        )
    if package in _TAKEN or package in sys.stdlib_module_names or keyword.iskeyword(package):
        raise Refused(f"{name!r} is a name Python or Hanse uses itself. Choose another.")


def _filled(text: str, words: dict[str, str]) -> str:
    for mark, word in words.items():
        text = text.replace(mark, word)
    return text
