"""A flag is judged by principals: each once, by what they drew."""

import random

from hanse.fleet.flags.poll import Drawn, Step, drawn_in, poll_of
from hanse.fleet.judge.judge import Judge
from hanse.fleet.judge.plan import Plan
from hanse.fleet.judge.verdict import Verdict
from hanse.runtime.flags.trials.principals import Principals, publish
from hanse.runtime.telemetry.metrics import Metrics

STEP = Step(name="10 %", variant="true", percent=10)
HOSTS = ("h1", "h2")


def judged(rates: dict[str, float], seconds: int, seed: int = 7) -> Verdict:
    """What the judge says at last: 100 principals a second and host, a tenth of whom draw it."""
    lots, judge = random.Random(seed), Judge(Plan(latency=()))
    counts = {host: {variant: [0, 0] for variant in rates} for host in HOSTS}
    verdict = None
    for second in range(seconds):
        hosts = {
            host: Drawn(
                host, 60.0 + second, {name: (n, failed) for name, (n, failed) in found.items()}
            )
            for host, found in counts.items()
        }
        verdict = judge.look(poll_of(hosts, STEP, float(second)))
        if verdict.state != "undecided":
            break
        for found in counts.values():
            for _ in range(100):
                variant = "true" if lots.random() < 0.1 else "default"
                found[variant][0] += 1
                found[variant][1] += lots.random() < rates[variant]
    assert verdict is not None
    return verdict


def test_a_value_that_breaks_calls_of_who_drew_it_is_convicted() -> None:
    verdict = judged({"true": 0.05, "default": 0.001}, 120)
    assert verdict.state == "bad"
    assert verdict.canary_requests < 1000


def test_one_that_breaks_nothing_is_proven_good() -> None:
    assert judged({"true": 0.001, "default": 0.001}, 600).state == "good"


def test_what_a_host_counts_comes_to_the_judge() -> None:
    principals, metrics = Principals(lambda: 100.0), Metrics()
    principals.counts |= {'"half \\ price"': (7, 2), "default": (63, 0)}
    publish(metrics, "checkout.price", principals)
    publish(metrics, "checkout.other", principals)

    found = drawn_in(metrics.prometheus(), "checkout.price")

    assert found == principals.counts
    assert drawn_in(metrics.prometheus(), "checkout.none") == {}
    poll = poll_of(
        {"h1": Drawn("1", 9.0, found)}, Step(name="s", variant='"half \\ price"', percent=10), 5.0
    )
    [canary], [twin] = poll.canaries, poll.twins
    assert (poll.samples[canary].counts.requests, poll.samples[canary].counts.errors) == (7, 2)
    assert (poll.samples[twin].counts.requests, poll.samples[twin].counts.errors) == (63, 0)
    assert poll.share == 0.1
