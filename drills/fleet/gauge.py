"""What the processes of a fleet have of memory, and what its gateway was sent."""

from __future__ import annotations

import re
import socket
import time
from typing import TYPE_CHECKING, TextIO

import psutil

from drills.command import processes
from hanse.fleet.gateway.bootstrap import CONTROL
from hanse.fleet.state import StateFolder

if TYPE_CHECKING:
    from pathlib import Path

KINDS = (
    ("hanse.fleet.engine.host_main", "host"),
    ("hanse.fleet.control", "control"),
    ("hanse.fleet.deployments.main", "deployer"),
    ("envoy", "gateway"),
    ("nats-server", "broker"),
    ("postgres", "database"),
)
"""By what their command has in it."""


def write_memory(project: Path, log: TextIO) -> None:
    """A line for each kind of process: seconds since 1970, kind, how many, bytes of memory (PSS)."""
    found: dict[str, tuple[int, int]] = {}
    at = time.time()
    for one in processes(project):
        try:
            kind = _kind(one)
            number, held = found.get(kind, (0, 0))
            found[kind] = number + 1, held + one.memory_full_info().pss
        except psutil.Error:
            continue
    for kind, (number, held) in sorted(found.items()):
        log.write(f"{at:.1f} {kind} {number} {held}\n")
    log.flush()


def _kind(one: psutil.Process) -> str:
    command = " ".join(one.cmdline()[:6])
    return next((kind for words, kind in KINDS if words in command), "other")


def gateway_bytes(project: Path) -> int:
    """All that Envoy says it has read from who tells it its configuration."""
    path = project / StateFolder(project).admin_socket
    name = f"cluster.{CONTROL}.upstream_cx_rx_bytes_total"
    with socket.socket(socket.AF_UNIX) as admin:
        admin.connect(str(path))
        asked = f"GET /stats?filter={name} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n"
        admin.sendall(asked.encode())
        text = b"".join(iter(lambda: admin.recv(65_536), b"")).decode()
    found = re.search(rf"{re.escape(name)}: (\d+)", text)
    if found is None:
        raise RuntimeError(f"Envoy does not say {name}: {text[:500]}")
    return int(found[1])
