"""Builds the releases of a project in a process of its own: what people wrote is imported there."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.fleet.releases.packages import python_of
from hanse.fleet.releases.release import Facts, Release, name_of
from hanse.fleet.releases.shelf import NoRelease
from hanse.fleet.releases.sources.closure import Sources, is_own, read_bounded
from hanse.fleet.releases.sources.lock import FILE, Lock, LockError, installed_lock, read_lock
from hanse.fleet.releases.sources.origin import Repository
from hanse.fleet.releases.tree import FileEntry, Tree, TreeError, tree_of
from hanse.fleet.releases.trial import trials
from hanse.fleet.releases.trial.facts import Answer
from hanse.fleet.releases.trial.question import Part, Question

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from hanse.fleet.releases.shelf import Shelf
    from hanse.runtime.project.project import Project


class BuildError(Exception):
    """Nothing can be built; `problems` says why, in sentences."""

    def __init__(self, *problems: str) -> None:
        super().__init__(*problems)
        self.problems = problems


class _Part(NamedTuple):
    """A service of which the files are kept, and nothing else is known yet."""

    service: str
    code: Tree
    lock: Lock
    root: Path
    files: tuple[Path, ...]

    @property
    def digest(self) -> str:
        return name_of(self.service, self.code, self.lock)


class Building:
    """One build of a project as it lies in its folders now; each file is read once.

    Args:
        project: What to build.
        shelf: Where releases are kept.
    """

    def __init__(self, project: Project, shelf: Shelf) -> None:
        further = (project.folder / name for name in project.file.project.folders)
        self._project = project
        self._shelf = shelf
        self._roots = tuple(dict.fromkeys(one.resolve() for one in (project.folder, *further)))
        self._sources = Sources(self._roots, kept_folders(project))
        self._entries: dict[Path, FileEntry] = {}
        self._locks: dict[Path | None, Lock] = {}
        self._repositories: dict[Path, Repository] = {}

    def releases(self, services: Sequence[str] | None = None) -> tuple[Release, ...]:
        """Builds what was not built before, and returns all of it in the order it is listed.

        Args:
            services: Which ones, as the project lists them; None for all.

        Raises:
            BuildError: Something is missing, broken or too large; with all of it.
            StateError: The disk is full.
        """
        listed = self._project.file.project.services
        wanted = [one for one in listed if services is None or one in services]
        try:
            parts = [self._part(one) for one in wanted]
            there = {one.service: self._known(one) for one in parts}
            told = self._describe([one for one in parts if there[one.service] is None])
        except LockError as error:
            raise BuildError(*error.problems) from None
        return tuple(there[one.service] or self._make(one, told[one.service]) for one in parts)

    def served(self) -> dict[str, Tree]:
        """The folders of files that hosts serve, by their paths, kept as they are now.

        Raises:
            BuildError: There is too much in them.
            ProjectError: They are not there.
        """
        served: dict[str, Tree] = {}
        for one in self._project.files():
            with _naming(f"The folder {one.folder}"):
                served[one.prefix] = self._tree_of(one.folder)
        return served

    def _part(self, service: str) -> _Part:
        module = service.partition(":")[0]
        with _naming(service):
            files = self._sources.closure(module)
            tree = tree_of(self._entry(name, path) for name, path in files.items())
        root = self._root_of(files, module)
        return _Part(service, tree, self._lock(root), root, tuple(files.values()))

    def _entry(self, name: str, path: Path) -> FileEntry:
        if path not in self._entries:
            content = self._sources.read(path)
            self._entries[path] = FileEntry(name, self._shelf.keep(content), len(content))
        return self._entries[path]

    def _tree_of(self, folder: Path) -> Tree:
        """All files below a folder, but no link out of it: no host would have served that."""
        folder = folder.resolve()
        places = (Path(place, one) for place, _, files in os.walk(folder) for one in files)
        read = (
            (one.relative_to(folder).as_posix(), read_bounded(one))
            for one in places
            if is_own(one, folder)
        )
        return tree_of(FileEntry(name, self._shelf.keep(text), len(text)) for name, text in read)

    def _root_of(self, files: dict[str, Path], module: str) -> Path:
        """The folder a service's own module lies in; the project's, if it is installed."""
        inside = module.replace(".", "/")
        for name in (f"{inside}.py", f"{inside}/__init__.py"):
            if name in files:
                return Path(str(files[name]).removesuffix(name))
        return self._project.folder

    def _lock(self, root: Path) -> Lock:
        """That of the folder a service lies in, else of the project, else what is installed."""
        places = (one / FILE for one in (root, self._project.folder))
        path = next((one for one in places if one.is_file()), None)
        if path not in self._locks:
            self._locks[path] = read_lock(path) if path else installed_lock()
        return self._locks[path]

    def _known(self, part: _Part) -> Release | None:
        try:
            return self._shelf.get(part.digest)
        except NoRelease:
            return None

    def _describe(self, parts: Sequence[_Part]) -> dict[str, Facts]:
        """Imports each by itself, from what was kept of it, with its packages.

        Which events a package tells, for one, is known by the classes there are in a process: so a
        release would depend on its neighbours, were they imported together.
        """
        told: dict[str, Facts] = {}
        problems: list[str] = []
        for packages in dict.fromkeys(one.lock for one in parts):
            answer = self._ask([one for one in parts if one.lock == packages], packages)
            told |= answer.facts
            problems += answer.problems
        if problems:
            raise BuildError(*dict.fromkeys(problems))
        return told

    def _ask(self, parts: Sequence[_Part], packages: Lock) -> Answer:
        modules: dict[tuple[str, str], list[_Part]] = {}
        for one in parts:
            module = one.service.partition(":")[0]
            modules.setdefault((module, one.code.digest), []).append(one)
        question = Question(
            parts=tuple(map(self._trial_of, modules.values())),
            known=tuple(map(str, self._roots)),
        )
        python = python_of(packages, self._shelf)
        if str(python) == sys.executable:
            return trials.described(question)
        command = (str(python), "-P", "-m", trials.__name__)
        done = subprocess.run(  # noqa: S603 - a module of ours
            command, input=msgspec.json.encode(question), capture_output=True, check=False
        )
        if done.returncode != 0:
            said = done.stderr.decode(errors="replace").strip().splitlines()[-8:]
            return Answer(problems=("The services cannot be imported.", *said))
        return msgspec.json.decode(done.stdout, type=Answer)

    def _trial_of(self, parts: Sequence[_Part]) -> Part:
        code = self._shelf.lay(parts[0].code)
        return Part(tuple(one.service for one in parts), str(code.absolute()))

    def _make(self, part: _Part, told: Facts) -> Release:
        if part.root not in self._repositories:
            self._repositories[part.root] = Repository(part.root)
        files = ((path, self._sources.read(path)) for path in part.files)
        release = Release(
            service=part.service,
            facts=told,
            code=part.code,
            lock=part.lock,
            origin=self._repositories[part.root].origin(files),
        )
        self._shelf.put(release)
        return release


@contextmanager
def _naming(what: str) -> Generator[None]:
    try:
        yield
    except TreeError as error:
        raise BuildError(f"{what} cannot be built:", *error.problems) from None
    except OSError as error:
        problem = f"{error.filename} cannot be read: {error.strerror}."
        raise BuildError(f"{what} cannot be built:", problem) from None


def kept_folders(project: Project) -> frozenset[Path]:
    """Folders in which a running fleet keeps something, wherever the project has them."""
    backup = project.file.backup
    named: Iterable[str | None] = (project.file.file_store.folder, backup and backup.folder)
    return frozenset((project.folder / name).resolve() for name in named if name)
