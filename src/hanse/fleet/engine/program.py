"""A program to be run: its command, what it is run with, and how it is asked to end."""

from __future__ import annotations

import hashlib
import signal
from collections.abc import Mapping

import msgspec

from hanse.runtime.placement.host_limits import HostLimits

PASSED_ON = frozenset(
    ("PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR", "PYTHONPATH",
     "SSL_CERT_FILE", "SSL_CERT_DIR")
)  # fmt: skip
PREFIXES = ("HANSE_", "PIP_", "UV_")
INSTALLERS = ("PIP_", "UV_")
"""Where packages come from is for who builds releases, and no business of those that run."""


class Program(msgspec.Struct, frozen=True, kw_only=True):
    """What is to run under a name.

    Attributes:
        name: Of its process, its record and its log; letters, digits, `-`, `_`, `.`.
        command: Absolute path of the program, and its arguments.
        environment: All of its variables; see `surroundings`.
        folder: Where it runs; the project's.
        stop_signal: What asks it to end.
        grace: Seconds it has for that, before it is killed with all its children.
        limits: What it may have of the machine; see `Excess` and `Cgroup`.
        gives_way: Whether others go before it where processors are short; see `put_behind`.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = {}
    folder: str = "."
    stop_signal: int = signal.SIGTERM
    grace: float = 10.0
    limits: HostLimits = HostLimits()
    gives_way: bool = False

    def fingerprint(self) -> str:
        """Differs as soon as the process would be another one, were it started now."""
        limits = (self.limits,) if self.limits != HostLimits() else ()
        parts = (self.command, sorted(self.environment.items()), self.folder, *limits)
        return hashlib.sha256(msgspec.json.encode(parts)).hexdigest()


def surroundings(variables: Mapping[str, str], **more: str) -> dict[str, str]:
    """The part of an environment that programs of the fleet get: where things are, and HANSE_*.

    What pip and uv are told is passed on too, as control builds releases; see `INSTALLERS`.

    Args:
        variables: The environment of who starts them.
        **more: Set beside it.
    """
    kept = {
        name: value
        for name, value in variables.items()
        if name in PASSED_ON or name.startswith(PREFIXES)
    }
    return kept | more
