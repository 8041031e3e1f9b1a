"""Verdicts in words: what was seen, what follows, and what is still missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hanse.fleet.judge.pool import NOBODY

if TYPE_CHECKING:
    from hanse.fleet.judge.verdict import Metric, Verdict

_SUSPICIOUS: Final = "Undecided, and suspicious: "
_OF_ONE: Final = {
    "one_client": "nearly all of it from {who}. One client convicts nobody",
    "one_host": "nearly all of it on {who}. One host of several convicts nobody",
}


def sentence(verdict: Verdict, *, missing: str = "") -> str:
    """A sentence or three that people understand.

    Args:
        verdict: Without its own.
        missing: Who or what the figures are missing of.
    """
    match verdict.reason:
        case "worse":
            return f"Bad: {_worst(verdict)}. {_chance(verdict)}"
        case "proven":
            return f"Good: {_proven(verdict)}."
        case "more_needed":
            return f"Undecided: {_unproven(verdict)}.{_rest(verdict)}"
        case "suspicious":
            return f"{_SUSPICIOUS}{_worst(verdict)}. {_chance(verdict)}{_rest(verdict)}"
        case "one_client" | "one_host":
            return f"{_SUSPICIOUS}{_worst(verdict)}, {_alone(verdict)}."
        case _:
            return f"Undecided: {_in_the_way(verdict, missing)}."


def unopposed(verdict: Verdict) -> str:
    """A sentence for a release that goes on undecided, as it was proven elsewhere before."""
    return f"Nothing speaks against it: {_failed(verdict)}. It was proven before."


def _in_the_way(verdict: Verdict, missing: str) -> str:
    match verdict.reason:
        case "figures_missing":
            return f"there are no figures of {missing}, and silence proves nothing"
        case "metric_missing":
            return f"{missing} is not measured everywhere, and silence proves nothing"
        case "warming_up":
            return f"{missing} is warming up"
        case "split_otherwise":
            return (
                f"the canary gets {percent(verdict.share)} of the requests and was meant to get "
                "another part; until that is mended nothing is proven by them"
            )
        case _:
            return "too few requests have come to both, canary and twin"


def _alone(verdict: Verdict) -> str:
    kind, _, name = verdict.weakest_without.partition(":")
    who = f"{kind} {name}" if name != NOBODY else "callers that nobody named"
    return _OF_ONE[verdict.reason].format(who=who)


def _worst(verdict: Verdict) -> str:
    worst = max(verdict.metrics, key=lambda metric: metric.evidence)
    return (
        f"{_what(worst)} {_of(worst.hits, worst.requests)} of the canary's requests, "
        f"and {_of(worst.twin_hits, worst.twin_requests)} of its twin's"
    )


def _what(metric: Metric) -> str:
    if metric.threshold_ms is not None:
        return f"slower than {metric.threshold_ms:.3g} ms were"
    return f"{metric.name} came with" if metric.name != "errors" else "failed were"


def _chance(verdict: Verdict) -> str:
    return (
        "Were it no worse than its twin, this much evidence would come up in at most one of "
        f"{_number(verdict.evidence)} deployments."
    )


def _proven(verdict: Verdict) -> str:
    others = [one.name for one in verdict.metrics if one.proven and one.name != "errors"]
    also = f", and so is what else was asked: {', '.join(others)}" if others else ""
    return f"{_failed(verdict)}, which is proven to be no more than allowed{also}"


def _failed(verdict: Verdict) -> str:
    errors = next(metric for metric in verdict.metrics if metric.name == "errors")
    return (
        f"failed were {_of(errors.hits, errors.requests)} of the canary's requests and "
        f"{_of(errors.twin_hits, errors.twin_requests)} of its twin's"
    )


def _unproven(verdict: Verdict) -> str:
    names = [metric.name for metric in verdict.metrics if metric.needed and not metric.proven]
    return f"not yet proven to be no worse than allowed: {', '.join(names)}"


def _rest(verdict: Verdict) -> str:
    if verdict.more_requests is None:
        return " As it is now, no number of requests decides it."
    more = f" About {_number(verdict.more_requests)} more requests decide"
    if verdict.more_s is None:
        return f"{more}."
    return f"{more}, which takes {_span(verdict.more_s)} as they come now."


def _of(hits: int, requests: int) -> str:
    return f"{hits:,} of {requests:,}" + (f" ({percent(hits / requests)})" if requests else "")


def percent(share: float) -> str:
    """A share from 0 to 1 with two digits that count, like `0.19 %`."""
    return f"{100 * share:.2g} %" if share < 0.995 else f"{100 * share:.0f} %"


def _number(number: float) -> str:
    if number >= 1e9:
        return "a thousand million and more"
    return f"{float(f'{number:.2g}'):,.0f}"


def _span(seconds: float) -> str:
    for unit, long in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * long:
            return f"{seconds / long:.0f} {unit}"
    return f"{max(seconds, 1):.0f} seconds"
