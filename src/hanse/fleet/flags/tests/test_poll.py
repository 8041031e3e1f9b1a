"""A flag is judged by principals: each once, by what they drew."""

import random

from hanse.fleet.flags.poll import Drawn, Step, poll_of
from hanse.fleet.flags.tally import Tally
from hanse.fleet.flags.words import said
from hanse.fleet.judge.figures import CLIENTS_MAX, check
from hanse.fleet.judge.judge import Judge
from hanse.fleet.judge.plan import Plan
from hanse.fleet.judge.verdict import Verdict
from hanse.runtime.figures.figures import Drawing, Figures

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
    assert said(verdict, STEP).startswith("Bad: a call failed for ")
    assert "who drew true, and for " in said(verdict, STEP)


def test_one_that_breaks_nothing_is_proven_good() -> None:
    verdict = judged({"true": 0.001, "default": 0.001}, 600)
    assert verdict.state == "good"
    assert said(verdict, STEP).startswith("Good: a call failed for ")


def figures(watched: dict[str, int], *failures: tuple[int, str, str], born: str = "a") -> Figures:
    drawing = Drawing(trial="d1 10 %", watched=watched, failures=failures)
    return Figures(
        born=born, age_s=60.0, requests=0, failed=0, refused=0, latency=(), failures=(),
        clients={}, flags={"shop.fast": drawing},
    )  # fmt: skip


def test_who_fails_on_several_hosts_and_in_several_steps_is_one() -> None:
    tally = Tally("shop.fast")
    tally.take({"h1": figures({}), "h2": figures({})})

    for more in (1, 2):
        found = tally.take(
            {
                "h1": figures({"true": 5, "default": 50}, (1, "default", "ada"), (more, "true", "eve")),
                "h2": figures({"true": 6, "default": 60}, (1, "true", "ada")),
            }
        )  # fmt: skip

    assert found["h1"].variants == {"true": (5, 1), "default": (50, 1)}
    assert found["h2"].variants == {"true": (6, 0), "default": (60, 0)}
    assert found["h1"].names == {"default": ("ada",), "true": ("eve",)}


def test_what_failed_before_anybody_looked_speaks_against_nobody() -> None:
    tally = Tally("shop.fast")
    tally.take({"h1": figures({"true": 5}, (1, "true", "ada"))})

    found = tally.take({"h1": figures({"true": 9}, (1, "true", "ada"), (2, "true", "bob"))})

    assert found["h1"].variants == {"true": (9, 1)}


def test_a_host_that_begins_anew_counts_anew() -> None:
    tally = Tally("shop.fast")
    tally.take({"h1": figures({"true": 50}, *((n, "true", f"p{n}") for n in range(1, 9)))})

    found = tally.take({"h1": figures({"true": 2}, (1, "true", "zoe"), born="b")})

    assert found["h1"].variants == {"true": (2, 1)}
    assert found["h1"].born == "b"


def test_who_is_silent_is_missed_and_the_newest_are_named() -> None:
    many = tuple((n, "true", f"p{n}") for n in range(1, 31))
    tally = Tally("shop.fast")
    tally.take({"h1": figures({})})

    poll = poll_of(tally.take({"h1": figures({"true": 40}, *many)}), STEP, 5.0, ("h1", "h2"))

    check(poll)
    assert set(poll.canaries) == {"h1/true", "h2/true"}
    assert set(poll.samples) == {"h1/true", "h1/default"}
    assert poll.samples["h1/true"].counts.errors == 30
    assert list(poll.samples["h1/true"].clients) == [f"p{n}" for n in range(31 - CLIENTS_MAX, 31)]
    assert poll.share == 0.1
