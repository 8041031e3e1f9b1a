"""The drill: everything is killed, the state folder is gone, and what was acknowledged comes back."""

import os
import random
import shutil
import time
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.backed_up import Shop, now, shop

SEED = int(os.environ.get("HANSE_TEST_SEED", "20261129"))


def sell_through_a_loss(made: Shop, chance: random.Random, lulls: int) -> datetime:
    """Sells, takes a base meanwhile, and loses all; a moment between, which nothing marks."""
    made.fleet.up()
    moments = []
    with made.selling():
        made.fleet.hanse("backup")
        for _ in range(lulls):
            time.sleep(chance.uniform(0.2, 1.5))  # a moment is any: nobody waits for anything
            moments.append(now())
        time.sleep(chance.uniform(0.2, 1.0))
        made.fleet.kill_all()
    shutil.rmtree(made.folder / ".hanse")
    return chance.choice(moments)


def assert_nothing_is_done_twice(made: Shop, moment: datetime) -> None:
    """Who asks again under the same key, because no answer came, gets the answer of then."""
    before = made.sold()
    known = [one for one in made.ledger if one.ended <= moment]
    for one in known[:3] + known[-3:]:
        assert made.sell(one.item) == one.answer
    assert made.sold() == before


@pytest.mark.parametrize(
    "number", [0, *(pytest.param(one, marks=pytest.mark.long) for one in range(1, 12))]
)
def test_a_moment_is_restored_as_it_was(tmp_path: Path, number: int) -> None:
    chance = random.Random(f"{SEED} {number}")
    with shop(tmp_path) as made:
        moment = sell_through_a_loss(made, chance, lulls=3)
        restored = made.fleet.hanse("restore", "--to", moment.isoformat())
        made.fleet.up()
        sold, seed = made.sold(), f"seed {SEED} {number}"
        assert made.known_by(moment) <= sold, f"acknowledged and lost ({seed})"
        assert not made.asked_after(moment) & sold, f"from after that moment ({seed})"
        assert datetime.fromisoformat(restored["last"]) <= moment
        assert restored["rows"] >= len(sold) and restored["seconds"] > 0
        assert_nothing_is_done_twice(made, moment)


def test_as_late_as_possible_loses_what_was_under_way_at_most(tmp_path: Path, capsys) -> None:
    chance = random.Random(SEED)
    with shop(tmp_path) as made:
        sell_through_a_loss(made, chance, lulls=4)
        restored = made.fleet.hanse("restore")
        made.fleet.up()
        sold, last = made.sold(), datetime.fromisoformat(restored["last"])
        complete = datetime.fromisoformat(restored["complete"])
        assert made.known_by(complete) <= sold, "what was said to be complete was not"
        lost = [one for one in made.ledger if one.item not in sold]
        assert made.known_by(last - timedelta(seconds=5)) <= sold
        rpo = max((one.ended - last for one in lost), default=timedelta())
        with capsys.disabled():
            print(f"\nRPO {rpo.total_seconds():.3f} s ({len(lost)} of {len(made.ledger)} sales), RTO {restored['seconds']:.1f} s")  # fmt: skip
        assert_nothing_is_done_twice(made, complete)
