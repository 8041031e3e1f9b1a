"""The benchmark of events counts what was booked, and computes what is met."""

import pytest

from benchmarks.events import measure
from benchmarks.events.contestants import CELERY, CONTESTANTS, HANSE, OUTBOX
from benchmarks.events.order import Told, placed
from benchmarks.events.rounds import EventRound, check
from benchmarks.load import LoadError


def done(peer, kind, *, rate=3000.0, p50=10.0, p99=50.0):
    batch, wanted = (50, 0.0) if kind == "many" else (1, 2000.0 if kind == "timed" else 0.0)
    figures = (rate, rate, p50, p99, 80.0, 0.1, 300.0, 200.0, 50.0, 0.9, 0.0)
    return EventRound(peer, batch, wanted, 1000, *figures)


def missed(rounds):
    return [line.metric for line in measure.results(rounds) if line.met is False]


def test_each_goal_is_missed_by_its_own_figure():
    timed, one, many = (done(HANSE, kind) for kind in ("timed", "one", "many"))
    fast = done(HANSE, "many", rate=8000.0)
    assert missed([timed, one, fast]) == []
    assert missed([timed, one, many]) == ["in_batches"]
    assert missed([timed, done(HANSE, "one", rate=2999.0), fast]) == ["one_by_one"]
    assert missed([done(HANSE, "timed", p50=10.1), one, fast]) == ["commit_to_effect_p50"]
    assert missed([done(HANSE, "timed", p99=50.1), one, fast]) == ["commit_to_effect_p99"]
    assert len(missed([])) == 4


def test_who_falls_behind_the_rate_is_named():
    late = measure.method([done(CELERY, "timed", rate=130.0)], ("18", "7"))
    assert late.endswith("those of a queue: booked a second celery 130.")
    on_time = measure.method([done(OUTBOX, "timed", rate=1990.0)], ("18", "7"))
    assert on_time.endswith("Everybody kept up with the rate.")


@pytest.mark.parametrize("contestant", CONTESTANTS, ids=lambda one: one.name)
def test_a_proof_asks_all_that_a_round_does(contestant):
    def asked(proof):
        return [
            (one.rate, one.batch) for one in measure.orders(contestant, measure.QUICK, proof=proof)
        ]

    assert asked(proof=True) == asked(proof=False)


CENTS = sum(placed(number).cents for number in range(10))


@pytest.mark.parametrize(
    ("found", "words"),
    [
        ([10, 10, 10, CENTS], None),
        ([10, 9, 9, CENTS], "has 9 bookings"),
        ([10, 11, 10, CENTS], "11 bookings of 10"),
        ([10, 10, 9, CENTS], "10 bookings of 9"),
        ([9, 10, 10, CENTS], "placed 9 of 10"),
        ([10, 10, 10, CENTS - 1], f"booked {CENTS - 1} cents"),
    ],
)
def test_what_was_lost_or_doubled_refuses_the_round(found, words):
    order = Told(role="write", count=10)
    if words is None:
        check("somebody", order, found)
        return
    with pytest.raises(LoadError, match=words):
        check("somebody", order, found)
