"""Which certificate the gateway shows at this moment, and what people should know about it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

from hanse.fleet.certificates.authority import may_sign
from hanse.fleet.certificates.development import Development
from hanse.fleet.certificates.own_files import OwnFiles
from hanse.fleet.state import StateError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from hanse.fleet.certificates.pair import Pair
    from hanse.fleet.gateway.picture import Certificate

WARNED = timedelta(days=14)
"""So long before its own certificate expires a project hears of it at every look."""

TRUST = "There is a new development authority; browsers warn until they know it: hanse trust"


class Shown(NamedTuple):
    """What there is to show.

    Attributes:
        certificate: The gateway's own; None where it can only serve without TLS.
        notes: In sentences: what is wrong, or soon will be, and the way out.
    """

    certificate: Certificate | None
    notes: tuple[str, ...] = ()


class Certificates:
    """Looks after the gateway's certificate; to be asked again every few seconds.

    Args:
        folder: The state folder's `certificates`.
        machine: Name of this machine.
        domains: Names of sites.
        own: Files of certificate and key from `[gateway]`; None for the development authority's.
    """

    def __init__(
        self,
        folder: Path,
        *,
        machine: str,
        domains: tuple[str, ...] = (),
        own: tuple[Path, Path] | None = None,
    ) -> None:
        self._domains = domains
        self._own = OwnFiles(*own) if own else None
        self._development = Development(folder, machine=machine, domains=domains)
        self._last: tuple[Pair, Certificate] | None = None

    def look(self, now: datetime) -> Shown:
        """What to show now. Cheap while nothing changes; never raises."""
        if self._own is not None:
            pair, problem = self._own.look(now)
            notes = [problem] if problem else []
        else:
            pair, notes = self._look_in_development(now)
        if pair is None:
            return Shown(None, (*notes, "Until then the gateway serves without TLS."))
        return Shown(self._pem(pair), (*notes, *self._about(pair, now)))

    def _look_in_development(self, now: datetime) -> tuple[Pair | None, list[str]]:
        try:
            pair = self._development.pair(now)
        except StateError as error:
            return None, [str(error)]
        return pair, [TRUST] if self._development.made_now else []

    def _about(self, pair: Pair, now: datetime) -> list[str]:
        notes: list[str] = []
        if self._own is not None and now >= pair.ends - WARNED:
            left = (pair.ends - now).days
            notes.append(f"The gateway's certificate expires in {left} days: renew it.")
        lacking = [name for name in self._domains if not pair.covers(name)]
        if lacking and self._own is not None:
            notes.append(
                f"The gateway's certificate does not name {', '.join(lacking)}, only "
                f"{', '.join(pair.names)}: have one issued for all of [gateway.domains]."
            )
        foreign = [name for name in lacking if not may_sign(name)]
        if foreign and self._own is None:
            notes.append(
                f"The development authority does not sign for {', '.join(foreign)}, only for "
                "localhost and names that end in .localhost or .test: name files of a certificate "
                "in [gateway]."
            )
        return notes

    def _pem(self, pair: Pair) -> Certificate:
        """As text, made once a pair: the same object while nothing changes."""
        if self._last is None or self._last[0] is not pair:
            self._last = (pair, pair.pem())
        return self._last[1]
