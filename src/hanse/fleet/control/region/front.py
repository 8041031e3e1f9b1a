"""What the gateway shows besides services: names of sites, certificates, answers to challenges."""

from __future__ import annotations

import asyncio
import platform
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.certificates.acme_renewal import AcmeRenewal, AcmeWish
from hanse.fleet.certificates.shown import Certificates
from hanse.fleet.gateway.picture import Certificate, Domain

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.state import StateFolder
    from hanse.kit.clock import Clock
    from hanse.runtime.project.gateway_table import AcmeTable, GatewayTable


class Front(NamedTuple):
    """All of it at one moment, as it stands in a picture."""

    domains: tuple[Domain, ...] = ()
    certificate: Certificate | None = None
    challenges: tuple[tuple[str, str], ...] = ()


class FrontDesk:
    """Keeps it right as time passes.

    Args:
        state: The project's state folder.
        table: `[gateway]`.
        clock: Tells what expires.
        tell: Brings what has changed to the gateway; returns when it is there.
    """

    def __init__(
        self,
        state: StateFolder,
        table: GatewayTable,
        clock: Clock,
        tell: Callable[[], Awaitable[object]],
    ) -> None:
        self._table = table
        self._clock = clock
        self._certificates = None
        self._acme = None
        self._task: asyncio.Task[None] | None = None
        if table.has_tls:
            self._certificates = _certificates(state, table)
        if table.acme is not None:
            wish = _wish(table, table.acme)
            self._acme = AcmeRenewal(state.certificates, wish, clock=clock, tell=tell)
        self.notes: tuple[str, ...] = ()

    def look(self) -> Front:
        """How it is now; cheap while nothing changes."""
        certificate = None
        if self._certificates is not None:
            shown = self._certificates.look(self._clock.now())
            certificate, self.notes = shown.certificate, shown.notes
        if self._acme is None:
            return Front(self._domains({}), certificate)
        self.notes = (*self.notes, *self._acme.notes())
        challenges = tuple(sorted(self._acme.challenges.items()))
        return Front(self._domains(self._acme.certificates()), certificate, challenges)

    def start(self, gateway: Supervision) -> None:
        """Begins to fetch certificates, if any are to be fetched; nothing waits for them.

        Args:
            gateway: Its process. A proof that nobody can see yet would cost a quarter of an hour.
        """
        if self._acme is not None and self._task is None:
            self._task = asyncio.create_task(_fetch(self._acme, gateway))

    def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()

    def _domains(self, fetched: dict[str, Certificate]) -> tuple[Domain, ...]:
        table, by_acme = self._table.domains, self._acme is not None
        return tuple(
            Domain(name, table[name], fetched.get(name), waits=by_acme and name not in fetched)
            for name in sorted(table)
        )


async def _fetch(acme: AcmeRenewal, gateway: Supervision) -> None:
    await gateway.until("ready")
    await acme.run()


def _wish(table: GatewayTable, acme: AcmeTable) -> AcmeWish:
    return AcmeWish(acme.directory, acme.email, tuple(sorted(table.domains)), acme.root or "")


def _certificates(state: StateFolder, table: GatewayTable) -> Certificates:
    own = (Path(table.certificate), Path(table.key)) if table.certificate and table.key else None
    return Certificates(
        state.certificates,
        machine=platform.node() or "localhost",
        domains=() if table.acme else tuple(sorted(table.domains)),
        own=own,
    )
