"""What one host is told to run, and the program that runs it."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.fleet.engine.program import INSTALLERS, Program, surroundings
from hanse.fleet.state import write_whole
from hanse.runtime.credentials.issuer import Issuer
from hanse.runtime.mutual.tls import Tls
from hanse.runtime.placement.host_limits import HostLimits

if TYPE_CHECKING:
    from hanse.fleet.state import StateFolder

DRAIN_SECONDS = 30.0
"""What running requests have at most when a host is stopped."""

END_SECONDS = 5.0
"""For what comes after draining: closing services, writing the last spans."""

_MODULE = "hanse.fleet.engine.host_main"


class HostOrder(msgspec.Struct, frozen=True, kw_only=True):
    """One host. Where it listens and what it reads is told by its name and the state folder.

    Attributes:
        name: Like `shop-1`: of its process, its log and its sockets.
        group: The placement group it is a replica of.
        services: What it serves, `module:Class` as the project lists them.
        code: The folder their code is imported from, and nothing else of the project is.
        files: Folders of files it serves, by the prefixes they are below.
        settings: What it reads as `hanse.toml`.
        environment: Which one of `hanse.toml` applies; empty for none.
        issuers: Whose tokens count beside those of the project. The development issuer of
            `hanse token` belongs here only while the gateway listens on this machine alone: its
            public key, so that no host ever reads the private one.
        region: Whose folder it has its doors in; empty where a fleet has no regions.
        tls: Who it is to other regions; it has a door for them then.
        inbox: Whether it keeps letters and shows them, where the project names no mail server;
            while the gateway listens on this machine alone.
        limits: What it may have of the machine.
    """

    name: str
    group: str
    services: tuple[str, ...]
    code: str
    files: Mapping[str, str] = {}
    settings: str = ""
    environment: str = ""
    issuers: tuple[Issuer, ...] = ()
    region: str = ""
    tls: Tls | None = None
    inbox: bool = False
    limits: HostLimits = HostLimits()


class Interpreter(NamedTuple):
    """What runs a host.

    Attributes:
        python: The program, which has the packages that the services need.
        runtime: The folder Hanse itself is imported from.
    """

    python: str
    runtime: str


def host_program(
    order: HostOrder, interpreter: Interpreter, state: StateFolder, variables: Mapping[str, str]
) -> Program:
    """Writes the order down, and says how it is carried out.

    Args:
        order: What to run.
        interpreter: What runs it.
        state: The project's state folder, as seen from its folder.
        variables: The environment.

    Raises:
        StateError: The order cannot be written.
    """
    text = msgspec.json.encode(order)
    path = state.order(order.name)
    write_whole(path, text)
    # Another order makes another command, so that a host with the old one is never adopted.
    digest = hashlib.sha256(text).hexdigest()[:16]
    return Program(
        name=order.name,
        command=(interpreter.python, "-P", "-m", _MODULE, str(path), digest),
        environment=_with_runtime(surroundings(variables), interpreter.runtime),
        grace=DRAIN_SECONDS + END_SECONDS,
        limits=order.limits,
        gives_way=True,
    )


def _with_runtime(environment: dict[str, str], runtime: str) -> dict[str, str]:
    """Hanse comes first on Python's path, before one that is installed beside the packages."""
    further = environment.get("PYTHONPATH", "")
    path = f"{runtime}{os.pathsep}{further}" if further else runtime
    kept = {name: one for name, one in environment.items() if not name.startswith(INSTALLERS)}
    return kept | {"PYTHONPATH": path}
