"""The benchmark `judge`: how often it is wrong, and how soon it is right, beside other judges."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from benchmarks.environment import say
from benchmarks.judge.replayed import (
    FAULTS,
    Outcome,
    alike,
    faulty,
    median_of,
    recorded,
    tallies,
)
from benchmarks.judge.rivals import BETA_PRIORS, POINTS, kayenta_says_high
from benchmarks.judge.simulation import HANSE, Found, Innocent, convict, innocent
from benchmarks.report import Measured
from benchmarks.result import Result, limit

if TYPE_CHECKING:
    from benchmarks.rounds import Timing

Done = Found | Innocent | Outcome

KAYENTA = "Kayenta's rule"
ALIKE, FAULTY, SIMULATED, KAYENTAS, ERRORS = 2100, 560, 2000, 200, 1500
QUICK_PART = 20
"""A quick run does one of so many."""
RATES = ((0.01, 0.001), (0.05, 0.001), (0.005, 0.001), (1.0, 0.001))
SHARES = (0.5, 0.25, 0.1, 0.02)
FALSE_GOAL, REQUESTS_GOAL = 1.0, 4500.0
METHOD = """\
What is judged is errors and the requests slower than the twin's 50, 90 and 99 %; the plan is the
default one, alpha 0.001. *Counted*: the chance that a canary that fails as its twin does is ever
suspected or convicted while 1,500 errors come, over every way they can fall (no draw).
*Simulated*: requests until errors alone convict, for judges that see the same errors; savvi's
prior is written again and held to what savvi says (`test_oracles.py`), at its default of k = 100
and at 2. *Replayed*: the judge itself, a look a second, over latencies of four hosts of Hanse
recorded under five loads (`benchmarks/judge/record.py`; the machine did other work as well): two
hosts of one release are canary and twin, half of them from their first second on, 0.1 % of
requests fail by chance and those that take over a second, as on a busy host do many at once.
Alike ones are looked at to the end, whatever was said before; pairs and seconds come again among
them, so they are not independent. Faulty ones have a fault added to the canary's side. Kayenta's
rule is written again by its source: Mann-Whitney at 98 % over 50 minutes, 60 requests a minute
and side, 0.1 to 1 % errors. `false_rollbacks_replayed` is one more
than were seen, in 1,000.
"""


def measure(timing: Timing) -> Measured:
    """Run the whole benchmark."""
    part = 1 if timing.rounds > 1 else QUICK_PART
    say("counting what may happen to innocents")
    done: list[Done] = [innocent(share, ERRORS // part) for share in SHARES]
    say("simulating")
    for judge in (HANSE, *BETA_PRIORS):
        for share in SHARES:
            done += [convict(judge, rates, share, SIMULATED // part) for rates in RATES]
    recordings = recorded()
    say(f"replaying {ALIKE // part} deployments of nothing new")
    done += alike(recordings, ALIKE // part)
    say(f"replaying {FAULTY // part} with a fault")
    done += faulty(recordings, FAULTY // part)
    seen = _kayenta_sees(KAYENTAS // part)
    runs = [one for one in done if isinstance(one, Outcome)]
    raw = [*(one for one in done if not isinstance(one, Outcome)), *tallies(runs)]
    return Measured("judge", METHOD.rstrip(), results(done, seen), raw)


def results(done: list[Done], kayenta_seen: float | None) -> list[Result]:
    """What is published; where there is no goal, the line is information."""
    runs = [one for one in done if isinstance(one, Outcome)]
    nothing_new = [one for one in runs if one.fault not in FAULTS]
    wrong = sum(one.bad_after_s is not None for one in nothing_new)
    counted = [one for one in done if isinstance(one, Innocent)]
    convicted = max((one.convicted for one in counted), default=None)
    return [
        limit("false_rollbacks_replayed", "of 1,000",
              value=1000 * (wrong + 1) / len(nothing_new) if nothing_new else None,
              at_most=FALSE_GOAL),
        limit("false_rollbacks_counted", "of 1,000",
              value=None if convicted is None else 1000 * convicted, at_most=FALSE_GOAL),
        limit("requests_to_convict", "0.1 to 1 %, halves",
              value=_requests(done, HANSE, 0.5), at_most=REQUESTS_GOAL),
        *_beside_savvi(done),
        _line("seen_of_0.1_to_1_%", "% in 50 min", _seen_in_time(done), KAYENTA,
              None if kayenta_seen is None else 100 * kayenta_seen, higher=True),
        *_of_alike(nothing_new, counted),
        *(line for fault in FAULTS for line in _of_fault(fault, runs)),
    ]  # fmt: skip


def _beside_savvi(done: list[Done]) -> list[Result]:
    return [
        _line(f"requests_at_{share:.0%}_share".replace("%", "_percent"), "0.1 to 1 %",
              _requests(done, HANSE, share), peer, _requests(done, peer, share))
        for share in SHARES
        for peer in BETA_PRIORS
    ]  # fmt: skip


def _of_alike(runs: list[Outcome], counted: list[Innocent]) -> list[Result]:
    good = [one.good_after_s for one in runs if one.good_after_s is not None]
    capped = max((one.capped for one in counted), default=None)
    return [
        _line("alike_called_good", "%", 100 * len(good) / len(runs) if runs else None),
        _line("alike_good_after", "s, median", median_of(good)),
        _line("a_cap_that_convicts_would_be_wrong", "of 1,000",
              None if capped is None else 1000 * capped),
    ]  # fmt: skip


def _of_fault(fault: str, runs: list[Outcome]) -> list[Result]:
    of_it = [one for one in runs if one.fault == fault]
    bad = [one for one in of_it if one.bad_after_s is not None]
    good = sum(one.bad_after_s is None and one.good_after_s is not None for one in of_it)
    name = fault.replace(" ", "_").replace(":", "")
    if not of_it:
        return [_line(f"{name}_convicted", "%", None)]
    return [
        _line(f"{name}_convicted", "%", 100 * len(bad) / len(of_it)),
        _line(f"{name}_called_good", "%", 100 * good / len(of_it)),
        _line(f"{name}_requests", "median", median_of([float(one.requests) for one in bad])),
    ]


def _found(done: list[Done], judge: str, share: float) -> Found | None:
    """The runs from 0.1 to 1 % of one judge and share."""
    chosen = (
        one
        for one in done
        if isinstance(one, Found) and (one.judge, one.share) == (judge, share)
        if one.canary_rate == RATES[0][0]
    )
    return next(chosen, None)


def _requests(done: list[Done], judge: str, share: float) -> float | None:
    found = _found(done, judge, share)
    return None if found is None else found.median


def _seen_in_time(done: list[Done]) -> float | None:
    found = _found(done, HANSE, 0.5)
    return None if found is None else 100 * found.in_time


def _kayenta_sees(runs: int) -> float | None:
    chance = random.Random("kayenta")
    seen = 0
    for _ in range(runs):
        canary, twin = (
            [sum(chance.random() < rate for _ in range(60)) / 60 for _ in range(POINTS)]
            for rate in RATES[0]
        )
        seen += kayenta_says_high(canary, twin)
    return seen / runs if runs else None


def _line(
    metric: str,
    unit: str,
    value: float | None,
    peer: str = "",
    peer_value: float | None = None,
    *,
    higher: bool = False,
) -> Result:
    return Result(
        metric=metric, unit=unit, better="higher" if higher else "lower", value=value,
        peer=peer, peer_value=peer_value,
    )  # fmt: skip
