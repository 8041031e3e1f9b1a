"""A host's own identity: its files as they are now, whom it lets in by it, and whom it calls."""

from __future__ import annotations

import logging
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from hanse.kit.http import ConnectionFailed
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.file_mark import mark_of
from hanse.runtime.mutual.identity import Identity, identity_of
from hanse.runtime.mutual.tls import client_tls, server_tls

if TYPE_CHECKING:
    import asyncio
    import ssl

    from hanse.runtime.mutual.tls import Tls

log = logging.getLogger("hanse.mutual")

BEGINNINGS_MAX = 5
"""Times that files are read at the start, where they are replaced while they are."""


class Standing(NamedTuple):
    """What a peer that is let in is believed.

    Attributes:
        trusted: Its context, as on a Unix socket.
        gate: The site that it names alone, as at the gateway's socket.
    """

    trusted: bool
    gate: bool


class OwnIdentity:
    """Follows the files of an identity: new handshakes go by what is there, open connections go on.

    Args:
        tls: The files.

    Attributes:
        context: For a connection that is opened now.
        door: For those who come, for as long as the door is open.

    Raises:
        ConfigurationError: They cannot be read.
    """

    def __init__(self, tls: Tls) -> None:
        self._tls = tls
        self._files = [Path(one) for one in (tls.certificate, tls.key, tls.authority)]
        self._marks = self._marks_now()
        self.context, self._server = self._begin()
        self.door = self._server
        self.door.sni_callback = self._take_newest

    def _begin(self) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        """Reads them; anew where they were replaced meanwhile, one perhaps before the other."""
        for _ in range(BEGINNINGS_MAX):
            with suppress(ConfigurationError):
                return self._read()
            marks, self._marks = self._marks, self._marks_now()
            if marks == self._marks:
                break
        return self._read()

    def _read(self) -> tuple[ssl.SSLContext, ssl.SSLContext]:
        return client_tls(self._tls), server_tls(self._tls)

    def look(self) -> None:
        """Takes up files that were replaced; those that cannot be used change nothing."""
        marks = self._marks_now()
        if marks == self._marks:
            return
        self._marks = marks
        try:
            self.context, self._server = self._read()
        except ConfigurationError as error:
            log.warning("%s It goes by what was there before.", *error.problems)

    def admit(self, transport: asyncio.BaseTransport) -> Standing | None:
        """What a peer that has shown its certificate is believed; None for one to be sent away."""
        if not self._tls.trust_domain:
            return Standing(trusted=True, gate=False)
        found = self._peer(transport)
        if found is None or found.role not in {"host", "gateway"}:
            return None
        return Standing(trusted=found.role == "host", gate=found.role == "gateway")

    def check(self, transport: asyncio.BaseTransport) -> None:
        """Looks who has answered a call of ours, before anything is said.

        Raises:
            ConnectionFailed: It is no host of our trust domain.
        """
        if not self._tls.trust_domain:
            return
        found = self._peer(transport)
        if found is None or found.role != "host":
            raise ConnectionFailed("No host of ours answers there.", sent=False)

    def _peer(self, transport: asyncio.BaseTransport) -> Identity | None:
        """Who is at the other end, if it is of our trust domain."""
        certificate: dict[str, Any] = transport.get_extra_info("peercert") or {}
        found = identity_of(certificate)
        return found if found is not None and found.domain == self._tls.trust_domain else None

    def _take_newest(self, peer: ssl.SSLObject, _name: str | None, _old: ssl.SSLContext) -> None:
        """Called amid each handshake, whether a name is asked for or not."""
        peer.context = self._server

    def _marks_now(self) -> list[object]:
        return [mark_of(one) for one in self._files]
