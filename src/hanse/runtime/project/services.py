"""Imports the service classes a project lists, and says at once which cannot be had and why."""

from __future__ import annotations

import importlib
import inspect
import sys
from typing import TYPE_CHECKING

from hanse.runtime.contract.service import Service, contract_of
from hanse.runtime.project.failure import explain
from hanse.runtime.project.strict import like

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import ModuleType


class Unlisted(Exception):
    """A service is listed that is not there; the message says what is."""


class Broken(Exception):
    """The code of a service cannot be imported; `sentences` say where and why."""

    def __init__(self, sentences: list[str]) -> None:
        super().__init__(*sentences)
        self.sentences = sentences


class ServiceImports:
    """Imports from a project's folders; each module is tried, and complained of, once.

    Args:
        folder: The project's own.
        further: Others that modules are imported from.
        known: Where modules are looked for that may have been meant, if not in these.
    """

    def __init__(
        self, folder: Path, further: Sequence[Path] = (), known: Sequence[Path] = ()
    ) -> None:
        self._folder = folder
        self._folders = tuple(known) or (folder, *further)
        self._broken: set[str] = set()
        for one in (*reversed(further), folder):
            if str(one) not in sys.path:
                sys.path.insert(0, str(one))
        importlib.invalidate_caches()

    def load(self, name: str) -> type[Service]:
        """The class of that name, `module:Class`.

        Raises:
            Unlisted: There is none.
            Broken: Its module cannot be imported; without sentences where they were said before.
        """
        where, _, class_name = name.partition(":")
        module = self._import(where)
        found = getattr(module, class_name, None)
        if found is None:
            raise Unlisted(f"{where} has no class {class_name}{like(class_name, _in(module))}")
        if not inspect.isclass(found) or not issubclass(found, Service):
            remedy = "only classes that inherit from Service run"
            if inspect.isclass(found) and contract_of(found):
                remedy = "it is a contract, so list the class that implements it"
            raise Unlisted(f"{name} is no Service; {remedy}")
        return found

    def _import(self, where: str) -> ModuleType:
        if where in self._broken:
            raise Broken([])
        try:
            return importlib.import_module(where)
        except Exception as error:
            missing = error.name if isinstance(error, ModuleNotFoundError) else None
            if missing is not None and f"{where}.".startswith(f"{missing}."):
                raise Unlisted(f"there is no module {missing}{self._near(missing)}") from None
            self._broken.add(where)
            raise Broken(explain(error, self._folder)) from error

    def _near(self, missing: str) -> str:
        """The module that was meant, if one has nearly that name; else where it should be."""
        package, dot, _ = missing.rpartition(".")
        inner = package.split(".") if package else []
        beside = [folder.joinpath(*inner) for folder in self._folders]
        paths = [path for folder in beside for path in folder.glob("*") if _is_module(path)]
        meant = like(missing, [package + dot + path.stem for path in paths])
        there = " or ".join(str(folder) for folder in beside if folder.is_dir() or not inner)
        return meant if meant.endswith("?") else f" in {there or beside[0]}"


def _is_module(path: Path) -> bool:
    is_package = path.is_dir() and path.name.isidentifier()
    return is_package or (path.suffix == ".py" and path.stem != "__init__")


def _in(module: ModuleType) -> Sequence[str]:
    """The services a module defines."""
    return [
        name
        for name, value in vars(module).items()
        if inspect.isclass(value) and issubclass(value, Service) and value is not Service
    ]
