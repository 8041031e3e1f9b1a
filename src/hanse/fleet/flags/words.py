"""A verdict of a flag in words: it is about principals and what they drew."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.judge.sentence import percent

if TYPE_CHECKING:
    from hanse.fleet.flags.poll import Step
    from hanse.fleet.judge.verdict import Verdict


def said(verdict: Verdict, step: Step) -> str:
    """A sentence or two that people understand; the numbers are those of the verdict."""
    [errors] = [one for one in verdict.metrics if one.name == "errors"]
    tried = _of(errors.hits, errors.requests, step.variant)
    beside = _of(errors.twin_hits, errors.twin_requests, step.beside)
    counted = f"a call failed for {tried}, and for {beside}"
    match verdict.reason:
        case "worse" | "suspicious":
            how = "Bad" if verdict.state == "bad" else "Undecided, and suspicious"
            chance = float(f"{min(verdict.evidence, 1e9):.2g}")
            return (
                f"{how}: {counted}. Were it no worse, this much evidence would come up in at most "
                f"one of {chance:,.0f} deployments."
            )
        case "proven":
            return f"Good: {counted}, which is proven to be no more than allowed."
        case "more_needed":
            return f"Undecided: {counted}.{_rest(verdict)}"
        case "no_traffic":
            return f"Undecided: too few have drawn both, {step.variant} and {step.beside}."
        case _:
            return verdict.sentence


def _rest(verdict: Verdict) -> str:
    if verdict.more_requests is None:
        return " As it is now, no number of principals decides it."
    return f" About {float(f'{verdict.more_requests:.2g}'):,.0f} more principals decide."


def _of(failed: int, drew: int, variant: str) -> str:
    share = f" ({percent(failed / drew)})" if failed else ""
    return f"{failed:,}{share} of {drew:,} who drew {variant}"
