"""A release's bill of materials, in the form that auditors and scanners read: CycloneDX 1.6."""

from __future__ import annotations

import uuid
from importlib import import_module
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from hanse.fleet.releases.release import Release
    from hanse.fleet.releases.sources.lock import Pin


def bill_of(release: Release, runtime: str) -> bytes:
    """All packages of a release and the files that are its own, as JSON.

    The same release has the same bill: nothing in it tells when or where it was made.

    Args:
        release: What it is of.
        runtime: Version of Hanse it was built with, which is a layer beside it.
    """
    return _Bill().of(release, runtime)


class _Bill:
    """Speaks to the library, whose decorated classes no type checker understands: hence `Any`."""

    def __init__(self) -> None:
        self._model: Any = import_module("cyclonedx.model")
        self._bom: Any = import_module("cyclonedx.model.bom")
        self._component: Any = import_module("cyclonedx.model.component")
        self._output: Any = import_module("cyclonedx.output.json")
        self._purl: Any = import_module("packageurl")
        self._kinds: Any = self._component.ComponentType

    def of(self, release: Release, runtime: str) -> bytes:
        parts = [self._package(pin) for pin in release.lock.pins]
        parts.append(self._part("hanse", runtime, self._kinds.FRAMEWORK))
        whole = self._part(release.name, release.digest, self._kinds.APPLICATION)
        for file in release.code.files:
            part = self._part(file.path, None, self._kinds.FILE)
            part.hashes.add(self._hash(file.digest))
            whole.components.add(part)
        bill = self._bom.Bom(components=parts, serial_number=uuid.UUID(release.digest[:32]))
        bill.metadata.component = whole
        bill.register_dependency(whole, parts)
        written: Any = msgspec.json.decode(self._output.JsonV1Dot6(bill).output_as_string())
        del written["metadata"]["timestamp"]
        return msgspec.json.format(msgspec.json.encode(written), indent=2) + b"\n"

    def _package(self, pin: Pin) -> Any:
        part = self._part(pin.name, pin.version, self._kinds.LIBRARY)
        part.purl = self._purl.PackageURL("pypi", name=pin.name, version=pin.version)
        if len(pin.hashes) == 1:  # else they are of several files, of which one is installed
            part.hashes.add(self._hash(pin.hashes[0].removeprefix("sha256:")))
        if pin.marker:
            part.properties.add(self._model.Property(name="hanse:marker", value=pin.marker))
        return part

    def _hash(self, digest: str) -> Any:
        return self._model.HashType(alg=self._model.HashAlgorithm.SHA_256, content=digest)

    def _part(self, name: str, version: str | None, kind: Any) -> Any:
        named = f"{name}@{version}" if version else name
        return self._component.Component(name=name, version=version, type=kind, bom_ref=named)
