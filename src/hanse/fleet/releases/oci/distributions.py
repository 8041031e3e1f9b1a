"""Which installed packages an image needs, and their files: those of a lock, and Hanse's own."""

from __future__ import annotations

import sys
from importlib.metadata import distributions, packages_distributions
from pathlib import Path
from typing import TYPE_CHECKING

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

from hanse.fleet.releases.oci.layer import FILE, PROGRAM, Entry
from hanse.fleet.releases.sources.imports import imports_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from importlib.metadata import Distribution

PACKAGES = "opt/packages"
HANSE = "hanse"

_SKIPPED = frozenset(("__pycache__", "tests"))


def of_environment(python: Path) -> Iterator[Entry]:
    """All packages of an environment that was made from a lock.

    Args:
        python: Its program.
    """
    for site in python.parent.parent.glob("lib/python*/site-packages"):
        for path in sorted(site.rglob("*")):
            inside = path.relative_to(site)
            if path.is_file() and _is_needed(inside) and path.suffix != ".pth":
                yield _entry(inside.as_posix(), path)


def of_this_python(texts: Iterable[bytes], there: Iterable[str]) -> Iterator[Entry]:
    """Hanse's own packages as they are beside it, and those that some modules name.

    Args:
        texts: Sources of modules; empty where a lock says what they need.
        there: What is in the image already, by the names of its files: it stays as it is.
    """
    # Of two of one name the first on the path is the one that is imported.
    all_there = reversed(list(distributions()))
    known: dict[str, Distribution] = {canonicalize_name(one.name): one for one in all_there}
    wanted = {HANSE, *_named(texts)}
    have = {path.removeprefix(f"{PACKAGES}/") for path in there}
    for name in sorted(_with_needs(wanted, known)):
        if name != HANSE and not any(one in have for one in _files_of(known[name])):
            yield from (_entry(one, path) for one, path in _files_of(known[name]).items())
    yield from _metadata(known[HANSE])


def _named(texts: Iterable[bytes]) -> set[str]:
    tops = {name.partition(".")[0] for text in texts for name in imports_of(text, "").names}
    homes = packages_distributions()
    found = {home for top in tops - sys.stdlib_module_names for home in homes.get(top, ())}
    return {canonicalize_name(one) for one in found}


def _with_needs(wanted: set[str], known: dict[str, Distribution]) -> set[str]:
    """Some packages, what they require on this machine, and so on."""
    waiting, found = [one for one in wanted if one in known], set[str]()
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        for line in known[name].requires or ():
            need = _need(line)
            if need in known:
                waiting.append(need)
    return found


def _need(line: str) -> str:
    try:
        wanted = Requirement(line)
    except InvalidRequirement:
        return ""
    if wanted.marker is not None and not wanted.marker.evaluate({"extra": ""}):
        return ""
    return canonicalize_name(wanted.name)


def _files_of(one: Distribution) -> dict[str, Path]:
    files = {file.as_posix(): Path(str(file.locate())) for file in one.files or ()}
    return {name: path for name, path in files.items() if _is_needed(Path(name)) and path.is_file()}


def _metadata(one: Distribution) -> Iterator[Entry]:
    """What says which version it is; its code is a layer by itself."""
    text = one.read_text("METADATA")
    if text:
        version = one.version
        yield Entry(f"{PACKAGES}/hanse-{version}.dist-info/METADATA", text.encode())


def _is_needed(path: Path) -> bool:
    return not _SKIPPED & set(path.parts) and ".." not in path.parts and path.suffix != ".pyc"


def _entry(name: str, path: Path) -> Entry:
    mode = PROGRAM if path.stat().st_mode & 0o100 else FILE
    return Entry(f"{PACKAGES}/{name}", path, mode=mode)
