"""Counts the work of a host as it ends."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final, Protocol

from hanse.kit.chance import RANDOM
from hanse.kit.clock import monotonic_ns, unix_ns
from hanse.kit.ids import trace_id
from hanse.runtime.errors import KINDS, HanseError
from hanse.runtime.figures.clients import client_of
from hanse.runtime.figures.figures import Drawing, Failed, Figures
from hanse.runtime.figures.most_active import MostActive
from hanse.runtime.telemetry.histogram import PLACES, filled

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hanse.runtime.identity.principal import Principal

FAILURES_MAX: Final = 4096
"""Failures that are told; of more, the newest."""

CLIENTS_MAX: Final = 16
"""Clients that are named, those with most requests."""

CLIENTS_KEPT: Final = 256
"""Clients that are counted apart."""

_FAULT: Final = 500
"""Status from which an error is a fault of ours."""

_GAP_BITS: Final = 5
"""The client is looked at once in up to 2**5 requests, in 16.5 on average."""

_SECOND_NS: Final = 1_000_000_000
_KIND_OF: Final = {kind.code: kind for kind in KINDS}


class Whose(Protocol):
    """For whom work is done."""

    @property
    def principal(self) -> Principal: ...

    @property
    def client(self) -> str: ...


class Declared(Protocol):
    """What was asked for."""

    def error_of(self, code: str) -> type[HanseError] | None: ...


class Work(Protocol):
    """One call that came from outside."""

    @property
    def method(self) -> Declared: ...

    @property
    def origin(self) -> Whose: ...


class Tally:
    """What one host has done since it began.

    For each call that ends, whoever sees it end raises its place and lowers `left`, and has the
    tally look at it where it failed or nothing is left.

    Attributes:
        places: How many took how long, by the places of `Histogram.record`.
        left: Calls to the next whose client is looked at.
        drawings: Says what was drawn of each flag.
    """

    __slots__ = (
        "_active", "_began_ns", "_born", "_failed", "_failures", "_gap", "_refused",
        "_turned_away", "drawings", "left", "places",
    )  # fmt: skip

    def __init__(self) -> None:
        self._born = trace_id()
        self._began_ns = monotonic_ns()
        self.places = [0] * PLACES
        self._turned_away = self._failed = self._refused = 0
        self._failures: deque[Failed] = deque(maxlen=FAILURES_MAX)
        self._active = MostActive(CLIENTS_KEPT)
        self._gap = self.left = _gap()
        self.drawings: Callable[[], dict[str, Drawing]] = dict

    def look(self, work: Work, code: str) -> None:
        """Looks at a call that was counted; `code` is empty when it went well."""
        if not self.left:
            self._meet(work.origin)
        if code:
            kind = work.method.error_of(code) or _KIND_OF.get(code, HanseError)
            self._fell(kind, work.origin)

    def turned_away(self, error: HanseError, whose: Whose | None) -> None:
        """Counts a request that was refused before it became a call.

        Args:
            error: What it was told.
            whose: For whom it was; None where nobody looked.
        """
        self._turned_away += 1
        self._fell(type(error), whose)

    def figures(self, signals: Mapping[str, int]) -> Figures:
        """All of it, with the business events that were counted elsewhere."""
        return Figures(
            born=self._born,
            age_s=(monotonic_ns() - self._began_ns) / _SECOND_NS,
            requests=sum(self.places) + self._turned_away,
            failed=self._failed,
            refused=self._refused,
            latency=tuple(filled(self.places)),
            failures=tuple(self._failures),
            clients=self._active.first(CLIENTS_MAX),
            signals=dict(signals),
            flags=self.drawings(),
        )

    def _meet(self, whose: Whose) -> None:
        """Counts for a client all since the last look.

        How many are between two is drawn anew each time: of clients that take turns, the same one
        would be met again and again.
        """
        self._active.add(client_of(whose.principal, whose.client), self._gap)
        self._gap = self.left = _gap()

    def _fell(self, kind: type[HanseError], whose: Whose | None) -> None:
        if kind.status < _FAULT:
            self._refused += 1
            return
        self._failed += 1
        client = "visitor" if whose is None else client_of(whose.principal, whose.client)
        self._failures.append((self._failed, unix_ns() // _SECOND_NS, client))


def _gap() -> int:
    return 1 + RANDOM.getrandbits(_GAP_BITS)
