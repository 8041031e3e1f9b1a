"""What the terminal says of a deployment: each thing once, and what it waits for."""

from datetime import UTC, datetime

import msgspec
import pytest

from hanse.cli.deploy.following import Following, progress_of
from hanse.fleet.deployments.api import Shown
from hanse.fleet.deployments.record import Moment

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
BEGUN = Shown(
    name="k4m7qx",
    groups=("shop",),
    services=("shop.v1.Shop",),
    state="running",
    stage="gate",
    says="It begins.",
    by="ada",
    create_time=NOON,
)


def after(*says: str, now: str = "") -> Shown:
    moments = tuple(Moment(at=NOON, stage="canary", says=one) for one in says)
    return msgspec.structs.replace(BEGUN, stage="canary", says=now or says[-1], moments=moments)


class Watch:
    """A clock under control."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_each_thing_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    following = Following(BEGUN, quiet=False, clock=Watch())

    for found in (after("One."), after("One."), after("One.", "Two.")):
        following.show(found)

    said = capsys.readouterr().err
    assert [said.count(one) for one in ("k4m7qx", "One.", "Two.")] == [1, 1, 1]


def test_it_says_what_it_waits_for_and_then_more_and_more_seldom(
    capsys: pytest.CaptureFixture[str],
) -> None:
    watch = Watch()
    following = Following(BEGUN, quiet=False, clock=watch)

    for second in range(100):
        watch.now = float(second)
        following.show(after("One.", now="Undecided: nobody asks."))

    assert capsys.readouterr().err.count("Undecided: nobody asks.") == 3  # after 10, 20 and 40 s


def test_nothing_is_said_for_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    watch = Watch()
    following = Following(BEGUN, quiet=True, clock=watch)
    watch.now = 1000.0

    following.show(after("One.", now="Undecided."))

    assert capsys.readouterr() == ("", "")


def test_a_bar_shows_the_share_and_how_long_it_may_take() -> None:
    found = msgspec.structs.replace(after("One."), canary=0.25, rate=340.0, more_s=12.0)

    assert (
        progress_of(found)
        == "  canary   █████░░░░░░░░░░░░░░░ 25 % of 340 requests/s · about 12 s to go"
    )
