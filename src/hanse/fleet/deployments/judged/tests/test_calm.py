"""In a further region a release goes on when nothing has spoken against it for long enough."""

import msgspec
import pytest

from hanse.fleet.deployments.judged.calm import Calm
from hanse.fleet.judge.figures import Counts, Poll, Sample
from hanse.fleet.judge.judge import Judge
from hanse.fleet.judge.plan import Plan
from hanse.fleet.judge.sentence import unopposed
from hanse.fleet.judge.verdict import Reason, Verdict

SECONDS = 15.0


def verdict(reason: Reason) -> Verdict:
    """One that says so."""
    sample = Sample(born="1", age_s=60.0, counts=Counts(requests=0))
    poll = Poll(
        at=0.0,
        stage="wave",
        canaries=("c",),
        twins=("t",),
        samples={"c": sample, "t": sample},
        share=0.5,
    )
    return msgspec.structs.replace(Judge(Plan()).look(poll), reason=reason)


def test_it_is_said_what_was_seen() -> None:
    says = unopposed(verdict("no_traffic"))

    assert says == (
        "Nothing speaks against it: failed were 0 of 0 of the canary's requests and 0 of 0 of its twin's. "
        "It was proven before."
    )


@pytest.mark.parametrize("reason", ["more_needed", "no_traffic"])
def test_it_goes_on_after_a_while_without_any_doubt(reason: Reason) -> None:
    calm = Calm(SECONDS)

    went_on = [calm.look(verdict(reason), float(second), full=True) for second in range(20)]

    assert went_on.index(True) == SECONDS


@pytest.mark.parametrize(
    "reason",
    [
        "suspicious", "one_client", "one_host", "figures_missing", "metric_missing",
        "warming_up", "split_otherwise", "worse",
    ],
)  # fmt: skip
def test_any_doubt_has_the_while_begin_anew(reason: Reason) -> None:
    calm = Calm(SECONDS)
    assert not calm.look(verdict("more_needed"), 0.0, full=True)

    assert not calm.look(verdict(reason), SECONDS - 1, full=True)

    assert not calm.look(verdict("more_needed"), SECONDS, full=True)
    assert not calm.look(verdict("more_needed"), 2 * SECONDS - 1, full=True)
    assert calm.look(verdict("more_needed"), 2 * SECONDS, full=True)


def test_a_canary_that_may_get_more_yet_is_not_done() -> None:
    calm = Calm(SECONDS)
    assert not calm.look(verdict("more_needed"), 0.0, full=False)

    assert not calm.look(verdict("more_needed"), 1e6, full=False)
