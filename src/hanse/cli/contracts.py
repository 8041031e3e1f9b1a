"""`hanse contracts`: what others need to call this project's services, written from the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
import msgspec

from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.runtime.contract.describe import describe
from hanse.runtime.contract.service import contract_of
from hanse.runtime.publish.openapi import openapi
from hanse.runtime.publish.proto import proto
from hanse.runtime.publish.proto_lock import ProtoLock, read_lock, update_lock, write_lock
from hanse.runtime.publish.typescript import typescript

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.runtime.contract.description import ContractDescription
    from hanse.runtime.project.project import Project

LOCK = "proto.lock.json"


def publish(kind: str, out: Path | None) -> None:
    """Prints or writes the contracts of the project here.

    Args:
        kind: `openapi`, `proto`, `typescript` or `lock`.
        out: File to write; for `proto` a folder; None to print, and for `lock` the project's own.

    Raises:
        Refused, ConfigurationError, LockError: They cannot be had, or not like this.
    """
    project = open_project()
    models = map(contract_of, project.services())
    described = [describe(model) for model in models if model is not None]
    match kind:
        case "openapi":
            document = openapi(described, title=project.name, version="1")
            text = msgspec.json.format(msgspec.json.encode(document), indent=2).decode()
            _put(f"{text}\n", out)
        case "typescript":
            _put(typescript(described), out)
        case "lock":
            path = out or project.folder / LOCK
            _put(write_lock(update_lock(_lock(path), described)), path)
        case _:
            _protos(project, described, out)


def _protos(project: Project, described: list[ContractDescription], out: Path | None) -> None:
    lock = _lock(project.folder / LOCK)
    texts = {_proto_path(contract): proto(contract, lock) for contract in described}
    if out is None and len(texts) > 1:
        raise Refused(f"There are {len(texts)} .proto files. Name a folder for them: --out FOLDER")
    for path, text in texts.items():
        _put(text, out / path if out else None)


def _proto_path(contract: ContractDescription) -> str:
    """Where protobuf's tools look for a file of that package, e.g. `crm/v1/contacts.proto`."""
    return f"{contract.package.replace('.', '/')}/{contract.name.lower()}.proto"


def _lock(path: Path) -> ProtoLock:
    return read_lock(path.read_bytes()) if path.exists() else ProtoLock()


def _put(text: str, path: Path | None) -> None:
    if path is None:
        click.echo(text, nl=False)
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    click.echo(f"wrote {path}", err=True)
