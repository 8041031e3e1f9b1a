"""The drill: everything is killed, the state folder is gone, and what was acknowledged comes back."""

import os
import random
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from tests.end_to_end.backed_up import Shop, now, shop
from tests.end_to_end.terminal import hanse
from tests.faults.drill.orders import Orders

SEED = int(os.environ.get("HANSE_TEST_SEED", "20261129"))
LONG_SECONDS = 60.0
"""Of sales and orders: long enough for a subscription to fall behind by more than is kept of it."""


@contextmanager
def telling_shop(folder: Path) -> Iterator[tuple[Shop, Orders]]:
    """One that sells, and takes orders that are told and delivered."""
    with shop(folder) as made:
        yield made, Orders(made)


def sell_through_a_loss(made: Shop, orders: Orders, chance: random.Random, lulls: int) -> datetime:
    """Sells, takes a base meanwhile, and loses all; a moment between, which nothing marks."""
    made.fleet.up()
    moments = []
    with made.selling(), orders.taking():
        made.fleet.hanse("backup")
        for _ in range(lulls):
            time.sleep(chance.uniform(0.2, 1.5))  # a moment is any: nobody waits for anything
            moments.append(now())
        time.sleep(chance.uniform(0.2, 1.0))
        made.fleet.kill_all()
    orders.lost()
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
    with telling_shop(tmp_path) as (made, orders):
        moment = sell_through_a_loss(made, orders, chance, lulls=3)
        restored = made.fleet.hanse("restore", "--to", moment.isoformat())
        made.fleet.up()
        sold, seed = made.sold(), f"seed {SEED} {number}"
        assert made.known_by(moment) <= sold, f"acknowledged and lost ({seed})"
        assert not made.asked_after(moment) & sold, f"from after that moment ({seed})"
        assert datetime.fromisoformat(restored["last"]) <= moment
        assert restored["rows"] >= len(sold) and restored["seconds"] > 0
        assert_nothing_is_done_twice(made, moment)
        orders.all_is_right(moment, datetime.fromisoformat(restored["complete"]), moment)


@pytest.mark.long
def test_as_late_as_possible_loses_what_was_under_way_at_most(tmp_path: Path, capsys) -> None:
    chance = random.Random(SEED)
    with telling_shop(tmp_path) as (made, orders):
        sell_through_a_loss(made, orders, chance, lulls=4)
        restored = made.fleet.hanse("restore")
        made.fleet.up()
        sold, last = made.sold(), datetime.fromisoformat(restored["last"])
        complete = datetime.fromisoformat(restored["complete"])
        assert made.known_by(complete) <= sold, "what was said to be complete was not"
        lost = [one for one in made.ledger if one.item not in sold]
        assert made.known_by(last - timedelta(seconds=5)) <= sold
        rpo = max((one.ended - last for one in lost), default=timedelta())
        words = orders.all_is_right(complete, complete, last)
        with capsys.disabled():
            print(f"\nRPO {rpo.total_seconds():.3f} s ({len(lost)} of {len(made.ledger)} sales), RTO {restored['seconds']:.1f} s; {words}")  # fmt: skip
        assert_nothing_is_done_twice(made, complete)


@pytest.mark.long
def test_after_a_long_day_nothing_is_handled_twice_there_or_on_the_same_machine(
    tmp_path: Path, capsys
) -> None:
    chance = random.Random(f"{SEED} long")
    with telling_shop(tmp_path) as (made, orders):
        made.fleet.up()
        with made.selling(), orders.taking():
            for _ in range(2):
                made.fleet.hanse("backup")
                time.sleep(LONG_SECONDS / 2)
            moment = now()
            time.sleep(chance.uniform(8.0, 12.0))  # in which persons are erased whom it knows
            earlier = moment - timedelta(seconds=chance.uniform(1.0, LONG_SECONDS / 3))
            made.fleet.kill_all()
        orders.lost()

        # The machine is there, and its stream with what was told of a future that never came.
        hanse("down", folder=made.folder)
        said = restored_and_right(made, orders, moment, "--replace")

        # Now it is gone, and a moment before that one is wanted.
        made.fleet.kill_all()
        orders.slow_again()
        shutil.rmtree(made.folder / ".hanse")
        said += restored_and_right(made, orders, earlier)
        with capsys.disabled():
            print("", *said, sep="\n")


def restored_and_right(made: Shop, orders: Orders, moment: datetime, *how: str) -> list[str]:
    """Restores a moment and holds all against the ledgers; words about it."""
    orders.lost()
    restored = made.fleet.hanse("restore", *how, "--to", moment.isoformat())
    complete = datetime.fromisoformat(restored["complete"])
    made.fleet.up()
    assert made.known_by(moment) <= made.sold()
    words = orders.all_is_right(moment, complete, moment)
    last = datetime.fromisoformat(restored["last"])
    rpo = (moment - last).total_seconds()
    return [
        f"RPO {rpo:.3f} s, RTO {restored['seconds']:.1f} s, erased again {restored['erased']}; {words}"
    ]
