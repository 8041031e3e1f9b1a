"""`[deploy]` of `hanse.toml`: what a release is held to, who has to agree, when nobody deploys."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

Part = Annotated[float, Meta(gt=0, lt=1, description="between 0 and 1, like 0.01")]
Reason = Annotated[str, Meta(min_length=1, max_length=200, description="a sentence for people")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Hour = Annotated[int, Meta(ge=0, le=24, description="0 to 24")]
Percent = Annotated[float, Meta(ge=0.001, le=90, description="0.001 to 90, so that some are left")]
JudgedStage = Literal["canary", "group", "wave"]
"""A few hosts of the new release beside those of the old one; all of them, beside one of the old;
and again a few, in each further region."""


class SignalTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[deploy.signals]]`: a business event that a release may not have fewer or more of.

    Attributes:
        event: Full name of a domain event, like `shop.v1.OrderPlaced`; or `refused`, for requests
            that end by an error of their caller.
        bad: Which way is worse.
        margin: How much worse a good release may be, as a part of the twin's number.
        needed: Whether a release is good only once this is proven; else it can only convict.
    """

    event: Annotated[str, Meta(min_length=1, max_length=200)]
    bad: Literal["up", "down"] = "down"
    margin: Part = 0.5
    needed: bool = False


class WeeklyTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[deploy.freeze]]` of each week: from an hour of a day to an hour of a day.

    Attributes:
        since: Day it begins.
        hour: Full hour it begins.
        until: Day it ends.
        until_hour: Full hour it ends.
        zone: The time zone they are of, by its IANA name.
        reason: Why nobody deploys then.
    """

    since: Day
    hour: Hour = 0
    until: Day
    until_hour: Hour = 24
    zone: str = "UTC"
    reason: Reason


class DatesTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[[deploy.closed]]`: from one moment to another.

    Attributes:
        since: When it begins, with its offset.
        until: When it ends.
        reason: Why nobody deploys then.
    """

    since: Annotated[datetime, Meta(tz=True)]
    until: Annotated[datetime, Meta(tz=True)]
    reason: Reason


class FlagsTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[deploy.flags]`: how the value of a flag comes to everybody.

    Attributes:
        steps: Percent of principals who draw it, one step after the other; from the last one on,
            when it is proven to be good, all have it.
        watch_seconds: How long after somebody drew a call of theirs that fails speaks against it.
    """

    steps: Annotated[tuple[Percent, ...], Meta(min_length=1, max_length=20)] = (1, 5, 10, 25, 50)
    watch_seconds: Annotated[float, Meta(ge=0.1, le=3600)] = 60.0

    def __post_init__(self) -> None:
        if any(after <= before for before, after in pairwise(self.steps)):
            raise ValueError("steps ascend, like [1, 5, 10, 25, 50]")


class DeployTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[deploy]`: how a deployment is judged, and who it waits for.

    Attributes:
        slo: Share of requests that may fail, whatever the release before does.
        margin: Share by which more may fail than of the release before.
        latency: Whether slow requests count.
        signals: Which business events count.
        approve: Stages behind which somebody has to agree.
        freeze: Times of each week at which nobody deploys.
        closed: Times at which nobody deploys.
        at_once: Of groups that go one by one, how many are under way at once.
        stop_after: How many of them may go back until no other one begins.
        flags: How the value of a flag comes to everybody.
        wave_seconds: How long a release that is proven in one region is compared in each further
            one, from when it has all that a canary may get there.
        warm_seconds: For which the release before stands by when it was replaced.
    """

    slo: Part = 0.01
    margin: Part = 0.005
    latency: bool = True
    signals: tuple[SignalTable, ...] = ()
    approve: tuple[JudgedStage, ...] = ()
    freeze: tuple[WeeklyTable, ...] = ()
    closed: tuple[DatesTable, ...] = ()
    at_once: Annotated[int, Meta(ge=1, le=64)] = 8
    stop_after: Annotated[int, Meta(ge=1, le=1000)] = 3
    flags: FlagsTable = FlagsTable()
    wave_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 15.0
    warm_seconds: Annotated[float, Meta(ge=0, le=86_400)] = 3600.0
