"""What an image stands on: this machine's Python, or an image that somebody gives."""

from __future__ import annotations

import os
import shutil
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from hanse.fleet.releases.oci.interpreter import CERTIFICATES, LIBRARIES, PYTHON, interpreter
from hanse.fleet.releases.oci.layout import Layer, LayoutError, Manifest, ReadLayout

if TYPE_CHECKING:
    from hanse.fleet.releases.oci.layout import Layout


class Ground(NamedTuple):
    """The lowest layers.

    Attributes:
        layers: The lowest first.
        python: What runs there.
        variables: The environment they need.
        is_own: Whether it is this machine's, whose libraries come along.
    """

    layers: tuple[Layer, ...]
    python: str
    variables: dict[str, str]
    is_own: bool


class _Config(msgspec.Struct, frozen=True):
    """What is needed of the configuration of an image.

    Attributes:
        rootfs: Its layers, by the digests of their tars.
        config: How it is run.
    """

    rootfs: dict[str, Any]
    config: dict[str, Any] = {}


def own_ground(layout: Layout) -> Ground:
    """This machine's Python as a layer.

    Raises:
        NoInterpreter: It cannot be taken along.
    """
    layer = layout.add_layer(interpreter())
    variables = {"PATH": "/opt/python/bin", "LD_LIBRARY_PATH": f"/{LIBRARIES}", "LANG": "C.UTF-8"}
    if Path(CERTIFICATES).is_file():
        variables["SSL_CERT_FILE"] = CERTIFICATES
    return Ground((layer,), PYTHON, variables, is_own=True)


def given_ground(place: Path, layout: Layout) -> Ground:
    """An image that somebody gives, which has a `python3` of this version on its path.

    Args:
        place: A layout with one image for this machine, as folder or tar.
        layout: What its layers come into.

    Raises:
        LayoutError: It is none, has several images, or says that its Python is another one.
    """
    if place.is_dir():
        return _taken(ReadLayout(place), place, layout)
    with tempfile.TemporaryDirectory(dir=os.path.realpath(".")) as folder:
        try:
            with tarfile.open(place) as tar:
                tar.extractall(folder, filter="data")
        except (OSError, tarfile.TarError) as error:
            raise LayoutError(f"{place} is no OCI image layout: {error}.") from None
        return _taken(ReadLayout(Path(folder)), place, layout)


def _taken(read: ReadLayout, place: Path, layout: Layout) -> Ground:
    if len(read.index.manifests) != 1:
        raise LayoutError(f"{place} has {len(read.index.manifests)} images; give one with one.")
    try:
        manifest = msgspec.json.decode(
            read.path(read.index.manifests[0]).read_bytes(), type=Manifest
        )
        config = msgspec.json.decode(read.path(manifest.config).read_bytes(), type=_Config)
    except msgspec.MsgspecError as error:
        raise LayoutError(
            f"{place} has no image of one platform: {error}. Copy one: skopeo copy "
            "--override-os linux docker://python:3.13-slim oci:FOLDER"
        ) from None
    variables = dict(one.split("=", 1) for one in config.config.get("Env", ()))
    _check(variables.get("PYTHON_VERSION", ""), place)
    diffs = config.rootfs.get("diff_ids", ())
    if len(diffs) != len(manifest.layers):
        raise LayoutError(f"{place} says of {len(manifest.layers)} layers what {len(diffs)} are.")
    for one in manifest.layers:
        shutil.copyfile(read.path(one), layout.place_of(one))
    layers = map(Layer, manifest.layers, diffs)
    return Ground(tuple(layers), "python3", variables, is_own=False)


def _check(version: str, place: Path) -> None:
    wanted = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version and not f"{version}.".startswith(f"{wanted}."):
        raise LayoutError(
            f"{place} has Python {version}, and what was built is for Python {wanted}: packages "
            f"of the one do not run on the other. Give an image with Python {wanted}, or build by "
            "that one."
        )
