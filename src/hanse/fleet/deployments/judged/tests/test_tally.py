"""Failures of canary and twin are joined before they count; what hosts say is never less than it was."""

from hypothesis import given
from hypothesis import strategies as st

from hanse.fleet.deployments.judged.tally import CLIENTS_KEPT, REFUSED, Tally
from hanse.fleet.judge.figures import CLIENTS_MAX, Poll, check
from hanse.runtime.figures.figures import Figures

Failed = tuple[int, int, str]


def figures(
    *failures: Failed,
    requests: int = 1000,
    born: str = "a",
    clients: dict[str, int] | None = None,
    **signals: int,
) -> Figures:
    return Figures(
        born=born,
        age_s=60.0,
        requests=requests,
        failed=len(failures),
        refused=7,
        latency=((1_000_000, requests),),
        failures=failures,
        clients=clients or {},
        signals={name.replace("_", "."): number for name, number in signals.items()},
    )


def test_what_failed_before_the_first_look_does_not_count() -> None:
    tally = Tally()

    found = tally.take({"canary": figures((1, 100, "ada"))}, 200.0)

    assert found["canary"].counts.errors == 0


def test_a_client_counts_once_a_second_over_both() -> None:
    tally = Tally()
    tally.take({"canary": figures(), "twin": figures()}, 100.0)

    found = tally.take(
        {
            "canary": figures((1, 101, "ada"), (2, 101, "ada"), (3, 101, "bob")),
            "twin": figures((1, 101, "ada"), (2, 102, "ada")),
        },
        104.0,
    )

    errors = {name: one.counts.errors for name, one in found.items()}
    assert sum(errors.values()) == 3  # ada at 101, bob at 101, ada at 102
    assert errors["canary"] >= 1
    assert found["canary"].clients["bob"].errors == 1


def test_a_second_counts_when_it_is_over() -> None:
    tally = Tally()
    tally.take({"canary": figures()}, 100.0)

    during = tally.take({"canary": figures((1, 101, "ada"))}, 101.9)
    after = tally.take({"canary": figures((1, 101, "ada"))}, 102.0)

    assert (during["canary"].counts.errors, after["canary"].counts.errors) == (0, 1)


def test_who_begins_anew_is_another() -> None:
    tally = Tally()
    tally.take({"canary": figures()}, 100.0)
    tally.take({"canary": figures((1, 101, "ada"))}, 103.0)

    found = tally.take({"canary": figures((1, 104, "bob"), born="b", requests=3)}, 106.0)

    assert (found["canary"].born, found["canary"].counts.errors) == ("b", 1)
    assert set(found["canary"].clients) == {"bob"}


def test_signals_are_those_that_are_asked_for_and_none_is_left_out() -> None:
    tally = Tally(["shop.v1.OrderPlaced", REFUSED])

    [sample] = tally.take({"canary": figures(other_v1_Event=3)}, 100.0).values()

    assert sample.counts.signals == {"shop.v1.OrderPlaced": 0, REFUSED: 7}


@given(
    st.lists(
        st.tuples(
            st.integers(0, 40),
            st.lists(
                st.tuples(st.integers(0, 3), st.sampled_from([f"c{n}" for n in range(30)])),
                max_size=12,
            ),
            st.dictionaries(
                st.sampled_from([f"c{n}" for n in range(30)]), st.integers(0, 60), max_size=16
            ),
        ),
        min_size=1,
        max_size=12,
    )
)
def test_whatever_a_host_says_the_judge_can_take_it(steps: list[tuple[int, list, dict]]) -> None:
    tally, total, failures, second = Tally(), 0, [], 100
    before = None
    for requests, failed, clients in steps:
        second += 2
        total += requests + len(failed)
        failures += [
            (len(failures) + n + 1, second - late, name) for n, (late, name) in enumerate(failed)
        ]
        said = figures(*failures, requests=total, clients=clients)

        [sample] = tally.take({"canary": said}, float(second)).values()

        check(
            Poll(
                at=1.0,
                stage="s",
                canaries=("canary",),
                twins=("twin",),
                samples={"canary": sample},
                share=0.5,
            )
        )
        assert len(sample.clients) <= CLIENTS_MAX
        if before is not None:
            assert sample.counts.errors >= before.counts.errors
            both = sample.clients.keys() & before.clients.keys()
            assert all(
                sample.clients[name].requests >= before.clients[name].requests for name in both
            )
        before = sample


def test_clients_without_end_are_not_kept_and_all_failures_counted() -> None:
    """A stage that waits for somebody over a weekend."""
    tally = Tally()
    tally.take({"canary": figures()}, 0.0)
    constant: list[Failed] = []
    for second in range(1, 3 * CLIENTS_KEPT, 2):
        constant = [(2 * second - 1, second, "often"), (2 * second, second, f"c{second}")]
        found = tally.take({"canary": figures(*constant, requests=10**6)}, second + 1.0)

    life = tally._lives["canary"]
    assert len(life.errors) + len(life.requests) <= CLIENTS_KEPT
    assert found["canary"].counts.errors == life.failed == 3 * CLIENTS_KEPT
    assert found["canary"].clients["often"].errors == 3 * CLIENTS_KEPT // 2
