"""`Schedule`: when a workflow begins by itself."""

from __future__ import annotations

import inspect
import re
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile
from typing import TYPE_CHECKING, Any, Literal
from zoneinfo import ZoneInfo

import msgspec
from cronsim import CronSim, CronSimError

from hanse.runtime.call.context import DEFAULT_SITE

if TYPE_CHECKING:
    from collections.abc import Iterator

_SITE = re.compile(r"[!-~]{1,200}")

MISSED_MAX = 1000
"""So many times at most are made up for, the first ones."""

LATE = timedelta(minutes=1)
"""Who begins later than this has missed it."""


def is_site(name: object) -> bool:
    """Whether that can be the name of a site."""
    return isinstance(name, str) and _SITE.fullmatch(name) is not None


class Schedule(msgspec.Struct, frozen=True):
    """When a workflow begins by itself: `Schedule("0 9 * * mon-fri", zone="Europe/Berlin")`.

    Where clocks are put forward, what was due in the hour that is left out begins right after it;
    where they are put back, what names an hour begins once.

    Attributes:
        cron: Minute, hour, day of the month, month, day of the week, as cron(8) has them.
        zone: The time zone they are of, by its IANA name.
        sites: Where it begins: their names, or an async function of its service that gives them,
            which stands above it in the class and is asked each time.
        missed: What becomes of times at which no host ran: "last" begins the last of them late,
            "all" each of them, "skip" none that is more than a minute ago.
    """

    cron: str
    zone: str = "UTC"
    missed: Literal["last", "all", "skip"] = "last"
    sites: tuple[str, ...] | Callable[[Any], Awaitable[Sequence[str]]] = (DEFAULT_SITE,)

    def problem(self) -> str:
        """Why it is none; empty if it is one."""
        if not callable(self.sites) and (not self.sites or not all(map(is_site, self.sites))):
            return f"{self.sites!r} are no sites"
        if callable(self.sites) and not inspect.iscoroutinefunction(self.sites):
            return "what gives its sites is no async function"
        try:
            next(self.times(datetime(2026, 1, 1, tzinfo=UTC)))
        except CronSimError as error:
            return f"{self.cron!r} is no time of cron ({error})"
        except StopIteration:
            return f"{self.cron!r} never comes"
        except (KeyError, ValueError, OSError):
            return f"there is no time zone {self.zone!r} on this machine"
        return ""

    def times(self, after: datetime) -> Iterator[datetime]:
        """The times after a moment, in UTC."""
        for one in CronSim(self.cron, after.astimezone(ZoneInfo(self.zone))):
            yield one.astimezone(UTC)

    def due(self, first: datetime, now: datetime) -> tuple[list[datetime], datetime]:
        """What is to begin now, and when it is due again.

        Args:
            first: The time that is due.
            now: Business time.
        """
        following = next(self.times(max(first, now)))
        if self.missed == "all":
            later = takewhile(lambda one: one <= now, self.times(first))
            return [first, *islice(later, MISSED_MAX - 1)], following
        last = max(first, self._last(now))
        late = self.missed == "skip" and now - last > LATE
        return ([] if late else [last]), following

    def _last(self, now: datetime) -> datetime:
        """The last time that has come, by looking back farther and farther."""
        back = LATE
        while not (found := self._between(now - back, now)):
            back *= 2
        while len(found) == MISSED_MAX:
            found = self._between(found[-1], now) or found[-1:]
        return found[-1]

    def _between(self, after: datetime, now: datetime) -> list[datetime]:
        return list(islice(takewhile(lambda one: one <= now, self.times(after)), MISSED_MAX))
