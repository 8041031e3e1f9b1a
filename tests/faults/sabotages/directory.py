"""What is promised of the directory that regions share, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

BOOK = "tests/test_book.py::"
AWAY = "tests/test_brokers_away.py::"
SHARED = "tests/test_shared.py::"

DIRECTORY = below("src/hanse/fleet/directory",
    Sabotage("a host is stopped when all who live follow", "book.py",
             "seen.live and seen.applied < revision", "False",
             BOOK + "test_a_host_is_not_stopped_before_others_follow"),
    Sabotage("who comes back follows before it counts", "book.py",
             "self._join_at = self.revision if self.known < self.revision else None",
             "self._join_at = None",
             BOOK + "test_who_was_away_is_waited_for_when_it_follows_again"),
    Sabotage("a lease ends when its time is over", "book.py",
             "sent >= seen.heard + LIFE_SECONDS", "True",
             BOOK + "test_a_host_is_not_stopped_before_others_follow"),
    Sabotage("a host that leaves is called by no region", "book.py",
             "if not one.leaving and not one.part", "if not one.part",
             BOOK + "test_all_is_known_to_all_when_nothing_is_wrong"),
    Sabotage("one's own lease ends before others take it for ended", "book.py",
             "OWN_SECONDS = 4.0", "OWN_SECONDS = 12.0",
             BOOK + "test_who_was_away_is_waited_for_when_it_follows_again"),
    Sabotage("what is desired is exchanged by its revision", "bucket.py",
             'headers["Nats-Expected-Last-Subject-Sequence"] = str(last)', "pass",
             SHARED + "test_what_is_desired_is_exchanged_by_its_revision"),
    Sabotage("what is told to be known is known after a fall", "shared.py",
             "        keep(self._file, self._made, self._book)\n", "",
             SHARED + "test_a_region_that_dies_is_out_and_one_that_starts_knows_what_was"),
    Sabotage("each lease says who is drained", "shared.py",
             "self._turn, self._drained()))", "self._turn, False))",
             SHARED + "test_who_is_drained_is_called_where_there_is_no_other"),
    Sabotage("what was told and did not come back yet is not there", "shared.py",
             "said == entry == self._reported.get(group, entry)", "said == entry",
             SHARED + "test_what_is_reported_again_is_told_unless_it_is_there"),
    Sabotage("who follows misses nothing that was there before", "shared.py",
             "subjects, self._book.sequence + 1)", "subjects, last + 1)",
             AWAY + "test_whose_own_broker_dies_follows_by_another_and_misses_nothing"),
    Sabotage("one reads what one wrote", "shared.py",
             "        self._book.wrote(name, Desired(value, revision))\n", "",
             SHARED + "test_what_is_desired_is_exchanged_by_its_revision"),
)  # fmt: skip
