"""A verdict with all its numbers: what is journalled, and read again later."""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["good", "bad", "undecided"]
Reason = Literal[
    "worse",
    "proven",
    "suspicious",
    "one_client",
    "one_host",
    "figures_missing",
    "metric_missing",
    "no_traffic",
    "warming_up",
    "split_otherwise",
    "more_needed",
]


class Metric(msgspec.Struct, frozen=True, kw_only=True):
    """What was counted of one thing, and what follows.

    Attributes:
        name: `errors`, `slower_than_p99`, or the name of a business signal.
        hits: Of the canary's requests, those that were hit.
        requests: The canary's that were looked at.
        twin_hits: Likewise of the twin.
        twin_requests: Likewise.
        threshold_ms: From where on a request of the canary was slow in the last window, where that
            is counted.
        evidence: Times that the stake on its being worse has grown by.
        proof: Times that the stake on its being no worse than allowed has grown by.
        needed: Whether a release is good only once that is proven.
        proven: Whether it is.
        measured: Whether all instances measured it.
    """

    name: str
    hits: int
    requests: int
    twin_hits: int
    twin_requests: int
    threshold_ms: float | None
    evidence: float
    proof: float
    needed: bool
    proven: bool
    measured: bool


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is known at one moment.

    Attributes:
        state: `good`: proven to be no worse than allowed. `bad`: proven to be worse. `undecided`:
            neither; what holds the weight holds it on.
        reason: Why, for programs.
        sentence: Why, for people.
        at: When, by the clock of the polls.
        stage: Of which stage.
        evidence: Times that the stake on "it is worse than its twin" has grown by, over all
            metrics and stages. A release that is no worse gets to N with a chance of at most 1/N.
        weakest: The same without the one client or host that would take most away.
        weakest_without: Which that is: `client:NAME` or `host:NAME`; empty for none, and below an
            evidence of 20, where nobody asks.
        convicts: Evidence at which it is bad.
        proves: Proof at which a metric is proven.
        excess: Errors of the canary beyond the twin's rate, in all stages.
        retreat: Suspicious, and it has cost as much as it may: give it as little traffic as
            there is, and judge it there.
        share: Part of the requests that the canary has got in this stage.
        split: Times that the stake on "the requests are split otherwise than meant" has grown by.
        canary_requests: In this stage.
        twin_requests: Likewise.
        metrics: One by one.
        more_requests: About how many more, of canary and twin together, until it is decided;
            None where it is, or where nothing tells.
        more_s: About how many seconds they take, as fast as they have come so far.
    """

    state: State
    reason: Reason
    sentence: str
    at: float
    stage: str
    evidence: float
    weakest: float
    weakest_without: str
    convicts: float
    proves: float
    excess: float
    retreat: bool
    share: float
    split: float
    canary_requests: int
    twin_requests: int
    metrics: tuple[Metric, ...]
    more_requests: int | None = None
    more_s: float | None = None
