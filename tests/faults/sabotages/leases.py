"""What is promised of leases, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

LEASES = below("src/hanse/runtime/leases",
    Sabotage("one holder at a time", "lease.py",
             "where l.until_time <= clock_timestamp() or l.holder = excluded.holder", "where true",
             "tests/test_lease.py::test_of_many_who_ask_at_once_one_holds_it"),
    Sabotage("a server whose clock is behind keeps no lease of who is dead", "lease.py",
             "  or l.until_time > clock_timestamp() + make_interval(secs => greatest($3 * 2, 60))\n", "",
             "tests/test_lease.py::test_what_another_clock_gave_for_longer_than_it_lasts_is_free"),
    Sabotage("another holding is another epoch", "lease.py",
             "set epoch = l.epoch + 1,", "set epoch = l.epoch,",
             "tests/test_lease.py::test_of_many_who_ask_at_once_one_holds_it"),
    Sabotage("an epoch is one holding without a gap", "lease.py",
             "and until_time > clock_timestamp()", "",
             "tests/test_lease.py::test_what_ran_out_is_not_renewed_but_taken_anew"),
    Sabotage("who was stopped knows that it is over", "lease.py",
             "return monotonic() < self._until", "return self._until > 0",
             "tests/test_lease.py::test_who_was_stopped_meanwhile_knows_that_it_is_over"),
    Sabotage("who lost it does not believe to hold it", "lease.py",
             "        else:\n            self._lose()\n", "",
             "tests/test_lease.py::test_what_ran_out_is_not_renewed_but_taken_anew"),
    Sabotage("who ends gives it back", "lease.py",
             "                    await self.release()", "                    pass",
             "tests/test_lease.py::test_who_keeps_it_takes_it_again_and_gives_it_back_at_its_end"),
)  # fmt: skip
