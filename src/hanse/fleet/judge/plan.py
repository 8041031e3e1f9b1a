"""What a release is held to: how sure the judge must be, and what counts as no worse."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from hanse.fleet.judge.errors import BadPlan

if TYPE_CHECKING:
    from collections.abc import Iterator

SUSPICIOUS: Final = 20.0
"""Evidence from which a release is suspicious: that much comes up in one good one of 20."""


class Latency(msgspec.Struct, frozen=True, kw_only=True):
    """Slow requests: the twin's beyond its own quantile, the canary's beyond `slack` times that.

    Attributes:
        quantile: Of the twin's requests so far, after warm-up.
        slack: How many times the twin's durations those of the canary may be. Two hosts of one
            release are never equally fast.
        tolerated: Ratio of slow requests, canary to twin, that convicts nobody.
        margin: Share of requests by which more of the canary's may be slow in a good release.
    """

    quantile: float
    slack: float = 1.25
    tolerated: float = 1.0
    margin: float

    @property
    def name(self) -> str:
        return f"slower_than_p{100 * self.quantile:g}"


class Signal(msgspec.Struct, frozen=True, kw_only=True):
    """A business event that is counted, such as orders.

    Attributes:
        name: As in `Counts.signals`.
        bad: Which way is worse.
        margin: A good release has at most this much more of it (`up`) or less (`down`), as a
            part of the twin's: 0.5 is half as much again, or half.
        needed: Whether a release is good only once this is proven; else it can only convict.
    """

    name: str
    bad: Literal["up", "down"]
    margin: float = 0.5
    needed: bool = True


LATENCIES: Final = (
    Latency(quantile=0.5, margin=0.1),
    Latency(quantile=0.9, margin=0.05),
    Latency(quantile=0.99, margin=0.01),
)


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How a deployment is judged.

    Attributes:
        alpha: How often a release that is no worse may be called bad, over all metrics, stages
            and looks together.
        wrong_good: How often one that is worse than allowed may be called good, in a stage.
        slo: Share of requests that may fail, whatever the twin does.
        margin: Share of requests by which more of the canary's may fail than of the twin's.
        latency: Which slow requests count.
        signals: Which business events count.
        harm_max: Requests failed beyond the twin's from which a suspicious release is to be
            given as little traffic as there is (`Verdict.retreat`).
        warm_up_s: Age below which durations and business events of an instance do not count.
        window_s: Shortest window, in seconds.
        window_requests: Fewest requests in a window, of canary and twin together.
    """

    alpha: float = 0.001
    wrong_good: float = 0.01
    slo: float = 0.01
    margin: float = 0.005
    latency: tuple[Latency, ...] = LATENCIES
    signals: tuple[Signal, ...] = ()
    harm_max: float = 25.0
    warm_up_s: float = 10.0
    window_s: float = 1.0
    window_requests: int = 10

    def __post_init__(self) -> None:
        for problem in (*_of_limits(self), *_of_latencies(self), *_of_signals(self)):
            raise BadPlan(problem)

    @property
    def convicts(self) -> float:
        """Evidence at which a release is bad (Ville's inequality)."""
        return 1 / self.alpha


def _of_limits(plan: Plan) -> Iterator[str]:
    yield from _within("alpha", plan.alpha, 0, 1 / SUSPICIOUS)
    yield from _within("wrong_good", plan.wrong_good, 0, 1)
    yield from _within("margin", plan.margin, 0, 1)
    if not 0 <= plan.slo < 1:
        yield f"slo is {plan.slo!r}; it is from 0 (none) to below 1, e.g. 0.01"
    for name in ("harm_max", "warm_up_s", "window_s", "window_requests"):
        if not 0 <= getattr(plan, name) < 1e9:
            yield f"{name} is {getattr(plan, name)!r}; it is 0 or more"


def _of_latencies(plan: Plan) -> Iterator[str]:
    names = [one.name for one in plan.latency]
    if len(set(names)) != len(names):
        yield "latency has a quantile twice"
    for one in plan.latency:
        yield from _within(f"the quantile of {one.name}", one.quantile, 0, 1)
        yield from _within(f"the margin of {one.name}", one.margin, 0, 1)
        if not (1 <= one.slack < 1e3 and 1 <= one.tolerated < 1e3):
            yield f"slack and tolerated of {one.name} are 1 or more"


def _of_signals(plan: Plan) -> Iterator[str]:
    names = [one.name for one in plan.signals]
    if len({"errors", *names}) != len(names) + 1:
        yield "signals have a name twice, or one is called errors"
    for one in plan.signals:
        yield from _within(f"the margin of {one.name}", one.margin, 0, 1)


def _within(name: str, value: float, above: float, below: float) -> Iterator[str]:
    if not above < value < below:
        yield f"{name} is {value!r}; it is above {above:g} and below {below:g}"
