"""Images of a project: for each group of services that share a process one, from what was built."""

from __future__ import annotations

import os
import platform
import shutil
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.fleet.engine import image_main
from hanse.fleet.engine.image_main import ImageOrder
from hanse.fleet.plan import plan
from hanse.fleet.releases.oci.distributions import PACKAGES, of_environment, of_this_python
from hanse.fleet.releases.oci.ground import Ground, given_ground, own_ground
from hanse.fleet.releases.oci.interpreter import NOBODY, libraries
from hanse.fleet.releases.oci.layer import FOLDER, Entry
from hanse.fleet.releases.oci.layout import Layout, write_archive
from hanse.fleet.releases.sources.closure import IMAGES
from hanse.fleet.releases.wish import read_wish

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from hanse.fleet.releases.built import Built
    from hanse.fleet.releases.oci.layout import Descriptor
    from hanse.fleet.releases.shelf import Shelf
    from hanse.fleet.releases.tree import Tree
    from hanse.fleet.releases.wish import Wish
    from hanse.runtime.project.project import Project

HOME = "srv/app"
RUNTIME = "opt/hanse"
STATE = f"{HOME}/.hanse"
CREATED = "1970-01-01T00:00:00Z"

_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


def write_images(
    project: Project, built: Built, shelf: Shelf, into: Path, given: Path | None = None
) -> dict[str, str]:
    """Writes all images of a project as one OCI layout; what is there already goes.

    Args:
        project: What was built.
        built: What came of it.
        shelf: Where that is kept.
        into: A folder, or a file whose name ends with `.tar`.
        given: A layout with one image, to put the others on; None for this machine's Python.

    Returns:
        Digests of the images by their names.

    Raises:
        LayoutError: What is given is no layout.
        NoInterpreter: This machine's Python cannot be taken along.
        NoRelease: Something was changed where it is kept.
        OSError: There is no room, or `into` may not be written.
    """
    groups = plan(project.groups(), built.services, built.apart)
    with written(into) as draft:
        layout = Layout(draft)
        ground = given_ground(given, layout) if given else own_ground(layout)
        images: dict[str, Descriptor] = {}
        for group in groups:
            bundle = built.bundle_of(group.services)
            assert bundle is not None, "a build and its plan agree"
            wish = read_wish(bundle.wish, shelf)
            images[group.name] = _Image(wish, shelf, layout, ground).add()
        layout.finish(images)
    return {name: one.digest for name, one in images.items()}


@contextmanager
def written(into: Path) -> Generator[Path]:
    """Where to write a layout; it is at its place whole or not at all.

    Args:
        into: That place. Another layout goes; a folder with anything else in it stays.

    Raises:
        OSError: It may not be written, or something else is there.
    """
    draft = into.with_name(f".{into.name}.{os.getpid()}")
    archive = draft.with_name(f"{draft.name}.tar")
    try:
        yield draft
        if into.suffix == ".tar":
            write_archive(draft, archive)
            archive.replace(into)
        else:
            _take_away(into)
            draft.rename(into)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        archive.unlink(missing_ok=True)


def _take_away(into: Path) -> None:
    """Takes away a layout, and nothing else that somebody may have named by mistake."""
    if (into / IMAGES).is_file():
        shutil.rmtree(into)
    elif into.is_dir():
        into.rmdir()


class _Image:
    """One of them, from what its hosts would run from."""

    def __init__(self, wish: Wish, shelf: Shelf, layout: Layout, ground: Ground) -> None:
        self._wish = wish
        self._shelf = shelf
        self._layout = layout
        self._ground = ground

    def add(self) -> Descriptor:
        parts = (self._packages(), self._runtime(), self._code())
        layers = [*self._ground.layers, *(self._layout.add_layer(one) for one in parts)]
        return self._layout.add_image(self._config(), layers)

    def _packages(self) -> Iterator[Entry]:
        code = self._shelf.tree(self._wish.code)
        python = Path(self._wish.python)
        own: dict[str, Entry] = {}
        texts: list[bytes] = []
        if str(python) == sys.executable:
            paths = [one for one in code.files if one.path.endswith(".py")]
            texts = [self._shelf.read(one.digest) for one in paths]
        else:
            own = {one.path: one for one in of_environment(python)}
        whole = [*own.values(), *of_this_python(texts, own)]
        yield from whole
        if self._ground.is_own:
            sources = (one.source for one in whole)
            yield from libraries(
                [one for one in sources if isinstance(one, Path) and ".so" in one.suffixes]
            )

    def _runtime(self) -> Iterator[Entry]:
        folder = self._shelf.runtimes / self._wish.runtime
        for path in sorted(folder.rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                yield Entry(f"{RUNTIME}/{path.relative_to(folder).as_posix()}", path)

    def _code(self) -> Iterator[Entry]:
        served = {prefix: f"files/{at}" for at, prefix in enumerate(sorted(self._wish.files))}
        services = tuple(sorted(self._wish.releases))
        order = ImageOrder(services=services, code="code", files=served)
        yield Entry(f"{HOME}/image.json", msgspec.json.encode(order, order="sorted"))
        yield Entry(f"{HOME}/hanse.toml", self._shelf.read(self._wish.settings))
        yield Entry(STATE, mode=FOLDER, owner=NOBODY)
        yield from self._tree(f"{HOME}/code", self._shelf.tree(self._wish.code))
        for prefix, place in served.items():
            yield from self._tree(f"{HOME}/{place}", self._shelf.tree(self._wish.files[prefix]))

    def _tree(self, place: str, tree: Tree) -> Iterator[Entry]:
        yield Entry(place, mode=FOLDER)
        for file in tree.files:
            yield Entry(f"{place}/{file.path}", self._shelf.read(file.digest))

    def _config(self) -> dict[str, Any]:
        labels = {f"hanse.release.{name}": one for name, one in self._wish.releases.items()}
        variables = {
            "PYTHONPATH": f"/{RUNTIME}:/{PACKAGES}",
            "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONUNBUFFERED": "1",
        }
        return {
            "created": CREATED,
            "architecture": architecture(),
            "os": "linux",
            "config": {
                "User": f"{NOBODY}:{NOBODY}",
                "Env": [
                    f"{name}={one}" for name, one in (self._ground.variables | variables).items()
                ],
                "Entrypoint": [self._ground.python, "-P", "-m", image_main.__name__],
                "WorkingDir": f"/{HOME}",
                "Volumes": {f"/{STATE}": {}},
                "StopSignal": "SIGTERM",
                "Labels": {**labels, "hanse.wish": self._wish.digest},
            },
        }


def architecture() -> str:
    """Of this machine, as images name it."""
    machine = platform.machine()
    return _MACHINES.get(machine, machine)
