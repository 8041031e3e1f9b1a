"""When nobody deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from datetime import datetime

    from hanse.runtime.placement.deploy_table import DeployTable, WeeklyTable

DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK: Final = 7 * 24 * 60


def why_frozen(table: DeployTable, now: datetime) -> str:
    """Why nobody deploys now; empty if one may.

    Args:
        table: What the project says.
        now: Aware.
    """
    for closed in table.closed:
        if closed.since <= now < closed.until:
            return f"{closed.reason} (until {closed.until:%Y-%m-%d %H:%M %Z})"
    for weekly in table.freeze:
        if _holds(weekly, now):
            return f"{weekly.reason} (until {weekly.until} {weekly.until_hour}:00 {weekly.zone})"
    return ""


def _holds(weekly: WeeklyTable, now: datetime) -> bool:
    """By minutes of the week; one that ends before it begins goes over the end of the week."""
    here = now.astimezone(ZoneInfo(weekly.zone))
    minute = 24 * 60 * here.weekday() + 60 * here.hour + here.minute
    begins = 24 * 60 * DAYS.index(weekly.since) + 60 * weekly.hour
    ends = 24 * 60 * DAYS.index(weekly.until) + 60 * weekly.until_hour
    return (minute - begins) % WEEK < ((ends - begins) % WEEK or WEEK)
