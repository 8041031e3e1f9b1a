"""An OCI image layout on disk (image-spec 1.1): blobs by digest, a manifest an image, one index."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from hanse.fleet.releases.oci.layer import Entry, write_tar
from hanse.fleet.releases.sources.closure import IMAGES
from hanse.fleet.releases.tree import is_digest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

VERSION = "1.0.0"
"""Of the layout, which is not that of the specification."""

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar"
NAME = "org.opencontainers.image.ref.name"

_CHUNK = 1024 * 1024


class LayoutError(ValueError):
    """A folder is no image layout that can be used; the message says why."""


class Descriptor(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """Points to a blob.

    Attributes:
        media_type: What is in it.
        digest: `sha256:…` of its bytes.
        size: Bytes.
        annotations: What else is said of it.
        platform: Of an image, where an index has several.
    """

    media_type: str
    digest: str
    size: int
    annotations: dict[str, str] = {}
    platform: dict[str, Any] = {}


class Manifest(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """One image.

    Attributes:
        schema_version: Always 2.
        config: How it is run.
        layers: Its files, the lowest first.
        media_type: Always `MANIFEST`.
    """

    schema_version: Literal[2]
    config: Descriptor
    layers: tuple[Descriptor, ...]
    media_type: str = ""


class Index(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """All images of a layout.

    Attributes:
        schema_version: Always 2.
        manifests: A descriptor an image.
        media_type: Always `INDEX`.
    """

    schema_version: Literal[2]
    manifests: tuple[Descriptor, ...]
    media_type: str = ""


class Layer(NamedTuple):
    """A layer as manifest and configuration know it.

    Attributes:
        descriptor: The blob.
        diff: `sha256:…` of the tar in it.
    """

    descriptor: Descriptor
    diff: str


class Layout:
    """A layout that is being written.

    Args:
        folder: Where to; it is made.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._blobs = folder / "blobs/sha256"
        self._blobs.mkdir(parents=True, exist_ok=True)

    def add(self, content: bytes, media_type: str) -> Descriptor:
        """Keeps bytes as a blob."""
        digest = hashlib.sha256(content).hexdigest()
        (self._blobs / digest).write_bytes(content)
        return Descriptor(media_type, f"sha256:{digest}", len(content))

    def add_layer(self, entries: Iterable[Entry]) -> Layer:
        """Keeps files as a layer."""
        draft = self._blobs / f".{os.getpid()}"
        with draft.open("wb") as file:
            written = _Hashed(file)
            write_tar(entries, written)  # pyright: ignore[reportArgumentType]  only writes to it
        digest = written.digest.hexdigest()
        draft.replace(self._blobs / digest)
        descriptor = Descriptor(LAYER, f"sha256:{digest}", written.size)
        return Layer(descriptor, descriptor.digest)

    def place_of(self, one: Descriptor) -> Path:
        """Where a blob lies, or is to lie."""
        return self._blobs / one.digest.partition(":")[2]

    def add_image(self, config: Mapping[str, Any], layers: Sequence[Layer]) -> Descriptor:
        """Keeps an image.

        Args:
            config: How it is run; what its layers are is added.
            layers: The lowest first.
        """
        files = {"type": "layers", "diff_ids": [one.diff for one in layers]}
        told = msgspec.json.encode({**config, "rootfs": files}, order="sorted")
        manifest = Manifest(
            2,
            self.add(told, CONFIG),
            tuple(one.descriptor for one in layers),
            MANIFEST,
        )
        return self.add(msgspec.json.encode(manifest), MANIFEST)

    def finish(self, images: Mapping[str, Descriptor]) -> None:
        """Says which images there are, by their names: the last that is written."""
        named = (
            msgspec.structs.replace(one, annotations={NAME: name}) for name, one in images.items()
        )
        (self._folder / IMAGES).write_text(f'{{"imageLayoutVersion":"{VERSION}"}}')
        index = msgspec.json.encode(Index(2, tuple(named), INDEX))
        (self._folder / "index.json").write_bytes(index)


class ReadLayout:
    """A layout that somebody gives.

    Args:
        folder: Where it lies.

    Raises:
        LayoutError: It is none.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            raw = (folder / "index.json").read_bytes()
            self.index = msgspec.json.decode(raw, type=Index)
        except (OSError, msgspec.MsgspecError) as error:
            raise LayoutError(
                f"{folder} is no OCI image layout: {error}. "
                "Make one by `skopeo copy docker://python:3.13-slim oci:FOLDER`."
            ) from None

    def path(self, one: Descriptor) -> Path:
        """Where a blob lies, after it was read.

        Raises:
            LayoutError: It is missing, or is not what its digest says.
        """
        kind, _, digest = one.digest.partition(":")
        path = self._folder / "blobs/sha256" / digest
        if kind != "sha256" or not is_digest(digest) or not path.is_file():
            raise LayoutError(f"{self._folder} lacks {one.digest[:80]!r}, which it names.")
        found = hashlib.sha256()
        with path.open("rb") as file:
            while chunk := file.read(_CHUNK):
                found.update(chunk)
        if found.hexdigest() != digest:
            raise LayoutError(f"{path} is not what its name says; get it anew.")
        return path


def write_archive(folder: Path, into: Path) -> None:
    """A layout as one tar, the same one for the same layout."""

    def entries() -> Iterator[Entry]:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                yield Entry(path.relative_to(folder).as_posix(), path)

    with into.open("wb") as file:
        write_tar(entries(), file)


class _Hashed:
    """A file that knows the digest of what went into it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        self.size += len(data)
        return self._file.write(data)

    def tell(self) -> int:
        return self.size
