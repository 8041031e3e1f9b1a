"""`hanse contracts`: what others need to call this project's services, written from the classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.runtime.contract.describe import describe
from hanse.runtime.contract.service import contract_of
from hanse.runtime.events.describe import describe_event, events_of
from hanse.runtime.publish.asyncapi import asyncapi
from hanse.runtime.publish.event_lock import FILE as EVENT_LOCK
from hanse.runtime.publish.event_lock import (
    read_event_lock,
    update_event_lock,
    write_event_lock,
)
from hanse.runtime.publish.openapi import openapi
from hanse.runtime.publish.proto import proto
from hanse.runtime.publish.proto_lock import ProtoLock, read_lock, update_lock, write_lock
from hanse.runtime.publish.typescript import typescript
from hanse.runtime.subscriptions.describe import describe_post

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.runtime.contract.description import ContractDescription, EventDescription
    from hanse.runtime.project.project import Project

LOCK = "proto.lock.json"


def publish(kind: str, out: Path | None) -> None:
    """Prints or writes the contracts of the project here.

    Args:
        kind: `openapi`, `asyncapi`, `proto`, `typescript`, `lock` or `check`.
        out: File to write; for `proto` a folder; None to print, and for `lock` the project's own.

    Raises:
        Refused, ConfigurationError, LockError, EventLockError: They cannot be had, or not like
            this.
    """
    project = open_project()
    models = map(contract_of, project.services())
    described = [describe(model) for model in models if model is not None]
    match kind:
        case "openapi":
            _put(_json(openapi(described, title=project.name, version="1")), out)
        case "asyncapi":
            post = describe_post(project.services())
            _put(_json(asyncapi(post, title=project.name, version="1")), out)
        case "typescript":
            _put(typescript(described), out)
        case "lock":
            path = out or project.folder / LOCK
            _put(write_lock(update_lock(_lock(path), described)), path)
            _lock_events(path.with_name(EVENT_LOCK), described)
        case "check":
            _check(project.folder, described)
        case _:
            _protos(project, described, out)


def _json(document: dict[str, Any]) -> str:
    return msgspec.json.format(msgspec.json.encode(document), indent=2).decode() + "\n"


def _lock_events(path: Path, described: list[ContractDescription]) -> None:
    """Fixes what the events of the project tell; none may change in a way others cannot read."""
    events, lock = _events(described), _event_lock(path)
    if events or lock:
        _put(write_event_lock(update_event_lock(lock, events)), path)


def _check(folder: Path, described: list[ContractDescription]) -> None:
    """Looks whether what is committed is what the classes say, and nothing broke it."""
    numbers, lock = _lock(folder / LOCK), _event_lock(folder / EVENT_LOCK)
    stale = [LOCK] if numbers.contracts and update_lock(numbers, described) != numbers else []
    if update_event_lock(lock, _events(described)) != lock:
        stale.append(EVENT_LOCK)
    if stale:
        named = " and ".join(stale)
        raise Refused(f"{named}: behind the classes. Run `hanse contracts lock` and commit it.")
    click.echo("The contracts are as they are committed.", err=True)


def _events(described: list[ContractDescription]) -> list[EventDescription]:
    packages = {contract.package for contract in described}
    return [describe_event(model) for model in events_of(packages)]


def _event_lock(path: Path) -> dict[str, EventDescription]:
    return read_event_lock(path.read_bytes()) if path.exists() else {}


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
