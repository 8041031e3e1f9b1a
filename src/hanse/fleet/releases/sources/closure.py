"""Which files of a project a service needs: modules it may import, and what lies beside."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.releases.sources.imports import imports_of
from hanse.fleet.releases.tree import FILE_BYTES_MAX, FILES_MAX, TreeError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hanse.fleet.releases.sources.imports import Imports

SKIPPED = frozenset(
    (".hanse", ".venv", ".git", "node_modules", "__pycache__", "tests", "dist", "build")
)  # fmt: skip
LOOSE = (".html", ".txt", ".sql", ".css", ".js", ".svg", ".json", ".csv")
"""What counts as data of a module that lies in no package, beside a project's other files."""

IMAGES = "oci-layout"
"""What makes a folder one of images: they may have been written into the project."""

INIT = "__init__.py"


class _Near(NamedTuple):
    """Files of a module and of the packages around it, and which modules these name."""

    files: dict[str, Path]
    names: frozenset[str]


class Sources:
    """The folders a project imports from, as they are now; each file is read once.

    Args:
        roots: In Python's order: the first one that has a module wins.
        kept: Folders in which a running fleet keeps something.
    """

    def __init__(self, roots: Sequence[Path], kept: Collection[Path] = ()) -> None:
        self._roots = tuple(roots)
        self._kept = frozenset(kept)
        self._texts: dict[Path, bytes] = {}
        self._imports: dict[Path, Imports] = {}
        self._near: dict[str, _Near] = {}
        self._data: dict[tuple[Path, bool], tuple[Path, ...]] = {}

    def read(self, path: Path) -> bytes:
        """A file's bytes, the same ones each time.

        Raises:
            TreeError: It is too large.
            OSError: It cannot be read.
        """
        if path not in self._texts:
            self._texts[path] = read_bounded(path)
        return self._texts[path]

    def closure(self, module: str) -> dict[str, Path]:
        """Every file a module may need, by its path below the root it lies in.

        A module that imports what only a run could tell brings its whole package along. Nothing, if
        the module lies in none of the folders.
        """
        found: dict[str, Path] = {}
        waiting, seen = [module], {module}
        while waiting and len(found) <= FILES_MAX:
            near = self._look(waiting.pop())
            found.update(near.files)
            waiting += near.names - seen
            seen |= near.names
        return found

    def _look(self, name: str) -> _Near:
        """What one module brings along by itself; looked for once, whoever imports it."""
        if name not in self._near:
            files: dict[str, Path] = {}
            names: set[str] = set()
            for root, path in self._places(name):
                files[_below(root, path)] = path
                files.update((_below(root, data), data) for data in self._beside(root, path))
                names |= self._named(name, root, path)
            self._near[name] = _Near(files, frozenset(names))
        return self._near[name]

    def _places(self, name: str) -> Iterator[tuple[Path, Path]]:
        """The file of a module, and those of the packages around it, with their root."""
        parts = name.split(".")
        for root in self._roots:
            module = root.joinpath(*parts)
            own = next(
                (one for one in (module / INIT, module.with_suffix(".py")) if _is(one)), None
            )
            if own is None and not _is(module):
                continue
            around = (root.joinpath(*parts[:depth], INIT) for depth in range(1, len(parts)))
            yield from ((root, one) for one in (*around, *([own] if own else ())) if _is(one))
            if own is not None:
                return  # a folder without __init__.py may go on in the next root

    def _named(self, name: str, root: Path, path: Path) -> set[str]:
        package = _package(root, path)
        if path not in self._imports:
            self._imports[path] = imports_of(self.read(path), package)
        imports = self._imports[path]
        names = {part for one in imports.names for part in _with_parents(one)}
        if imports.anything:
            names |= set(self._all_of(root / name.partition(".")[0], root))
        return names

    def _all_of(self, package: Path, root: Path) -> Iterator[str]:
        for place, folders, files in os.walk(package):
            folders[:] = sorted(one for one in folders if self._may_enter(Path(place, one)))
            for file in files:
                if file.endswith(".py"):
                    path = Path(place, file).relative_to(root).with_suffix("")
                    yield ".".join(path.parts[:-1] if path.name == "__init__" else path.parts)

    def _beside(self, root: Path, module: Path) -> tuple[Path, ...]:
        """Templates, migrations, samples: what lies in a module's folder and is no Python."""
        loose = module.parent == root
        at = (module.parent, loose)
        if at not in self._data:
            self._data[at] = tuple(self._data_in(module.parent, loose=loose))
        return self._data[at]

    def _data_in(self, folder: Path, *, loose: bool) -> Iterator[Path]:
        for place, folders, files in os.walk(folder):
            folders[:] = sorted(
                one
                for one in folders
                if self._may_enter(Path(place, one)) and not _is(Path(place, one, INIT))
            )
            if loose and Path(place) != folder and any(one.endswith(".py") for one in files):
                folders.clear()
                continue
            for file in sorted(files):
                path = Path(place, file)
                if _is_data(file, loose=loose) and is_own(path, folder):
                    yield path

    def _may_enter(self, folder: Path) -> bool:
        if folder.name.startswith(".") or folder.name in SKIPPED or folder in self._kept:
            return False
        return not (folder / IMAGES).is_file()


def _is_data(file: str, *, loose: bool) -> bool:
    if file.startswith(".") or file.endswith((".py", ".pyc")):
        return False
    return file.endswith(LOOSE) if loose else True


def is_own(path: Path, folder: Path) -> bool:
    """Whether it is a file, and no link to one outside of a folder."""
    return path.is_file() and (
        not path.is_symlink() or path.resolve().is_relative_to(folder.resolve())
    )


def read_bounded(path: Path) -> bytes:
    """The bytes of a file that may be in a release.

    Raises:
        TreeError: It is too large.
        OSError: It cannot be read.
    """
    with path.open("rb") as file:
        content = file.read(FILE_BYTES_MAX + 1)
    if len(content) > FILE_BYTES_MAX:
        size = path.stat().st_size
        raise TreeError(f"{path} has {size} bytes; a file has {FILE_BYTES_MAX} at most.")
    return content


def _is(path: Path) -> bool:
    return path.is_file() if path.suffix == ".py" else path.is_dir()


def _below(root: Path, path: Path) -> str:
    return path.relative_to(root).as_posix()


def _package(root: Path, path: Path) -> str:
    return ".".join(path.relative_to(root).parts[:-1])


def _with_parents(name: str) -> Iterator[str]:
    while name:
        yield name
        name = name.rpartition(".")[0]
