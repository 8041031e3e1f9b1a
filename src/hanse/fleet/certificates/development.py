"""What the gateway shows in development: certificates of an authority made once, kept in files."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from cryptography.exceptions import InvalidSignature

from hanse.fleet.certificates.authority import (
    OWN_NAMES,
    Authority,
    found_authority,
    may_sign,
)
from hanse.fleet.certificates.pair import CertificateError, Pair, from_bytes, pem_of, to_bytes
from hanse.fleet.state import write_whole

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

SUCCESSION = timedelta(days=60)
"""So long before its end an authority has a successor, who then has to be trusted as well."""


class Development:
    """The authority and the gateway's certificate, made when they lack and renewed in time.

    Args:
        folder: Where both are kept, closed to others.
        machine: Name of this machine.
        domains: Names of sites; those that are not this machine's own are left out.

    Attributes:
        made_now: The authority was made by this object: nobody trusts it yet.
    """

    def __init__(self, folder: Path, *, machine: str, domains: tuple[str, ...] = ()) -> None:
        self._machine = machine
        self._names = tuple(dict.fromkeys([*OWN_NAMES, *filter(may_sign, domains)]))
        self._authority_file = folder / "authority.pem"
        self._public_file = public_file(folder)
        self._server_file = folder / "server.pem"
        self._authority: Authority | None = None
        self._server: Pair | None = None
        self.made_now = False

    def pair(self, now: datetime) -> Pair:
        """What to show at this moment.

        Raises:
            StateError: A new one cannot be kept; it is asked for again the next time.
        """
        authority = self._current_authority(now)
        server = self._server or _read(self._server_file)
        if server is None or not self._is_good(server, authority, now):
            server = authority.issue(self._names, now)
            write_whole(self._server_file, to_bytes(server))
        self._server = server
        return server

    def _current_authority(self, now: datetime) -> Authority:
        authority = self._authority or _read_authority(self._authority_file)
        if authority is None or now >= authority.ends - SUCCESSION:
            authority = found_authority(self._machine, now)
            write_whole(self._authority_file, to_bytes(authority.pair))
            self.made_now = True
        if self._authority is not authority:
            write_whole(self._public_file, pem_of(authority.pair.leaf).encode())
        self._authority = authority
        return authority

    def _is_good(self, server: Pair, authority: Authority, now: datetime) -> bool:
        return (
            server.leaf.issuer == authority.pair.leaf.subject
            and _issued(server, authority)
            and set(server.names) == set(self._names)
            and server.begins <= now
            and not server.is_due(now)
        )


def public_file(folder: Path) -> Path:
    """The authority's certificate alone: what browsers are to trust."""
    return folder / "authority.crt"


def _issued(server: Pair, authority: Authority) -> bool:
    try:
        server.leaf.verify_directly_issued_by(authority.pair.leaf)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _read(path: Path) -> Pair | None:
    """What was kept; None for nothing that can be used, which is then made anew."""
    try:
        return from_bytes(path.read_bytes(), str(path))
    except (OSError, CertificateError):
        return None


def _read_authority(path: Path) -> Authority | None:
    pair = _read(path)
    return None if pair is None else Authority(pair)
