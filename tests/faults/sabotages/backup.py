"""What is promised of backups and restores, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

CHOICE = "backup/tests/test_choice.py::"
KEYS = "backup/tests/test_keyring_copy.py::"
DAMAGE = "restore/tests/test_damage.py::"

BACKUP = below("src/hanse/fleet",
    Sabotage("a moment has a base that was done by then", "backup/choice.py",
             "base.ended <= at and _lies_on(base, ends)", "base.begun <= at and _lies_on(base, ends)",
             CHOICE + "test_the_shortest_way_begins_at_the_last_base_that_was_done_by_then"),
    Sabotage("what is kept keeps its way", "backup/choice.py",
             "base.ended < first]", "base.ended <= first]",
             CHOICE + "test_a_base_goes_when_a_newer_one_leads_to_every_moment_that_is_kept"),
    Sabotage("a base of a life that was given up leads nowhere else", "backup/choice.py",
             "return end is None or base.end <= end", "return True",
             CHOICE + "TestAfterARestore"),
    Sabotage("the log has no hole", "backup/choice.py",
             "number = number + 1 if found else None", "number = number + 1 if number < 9 else None",
             CHOICE + "test_the_log_ends_before_a_part_that_is_missing_and_that_is_told"),
    Sabotage("the log stays from the oldest base on", "backup/choice.py",
             "segment.number >= min(starts)", "segment.number >= max(starts)",
             CHOICE + "test_the_log_stays_from_the_oldest_base_on"),
    Sabotage("complete is what is there", "backup/stream/completeness.py",
             "if self.position >= written:", "if self.position >= written - 40:",
             "backup/tests/test_completeness.py"),
    Sabotage("a base is as PostgreSQL gave it", "restore/manifest.py",
             "size == file.size and digest == file.checksum", "size == file.size",
             DAMAGE + "test_one_that_was_changed_has"),
    Sabotage("an archive is whole", "restore/unpacking.py",
             "    if not unpacker.eof:", "    if False:",
             DAMAGE + "test_one_that_is_damaged_is_refused"),
    Sabotage("what is half written is no object", "backup/place.py",
             "_DRAFT.fullmatch, files", "_DRAFT.fullmatch, ()",
             "backup/tests/test_place.py::test_what_a_killed_writer_left_is_no_object_and_goes"),
    Sabotage("a key that is destroyed here is destroyed there", "backup/keyring_copy.py",
             "for name in there.keys() - wanted.keys():", "for name in ():",
             KEYS + "test_it_follows_what_is_made_and_what_is_destroyed"),
    Sabotage("a keyring that is lost takes nothing along", "backup/keyring_copy.py",
             "if RING in there and _id(there[RING]) != _id(wanted[RING]):", "if False:",
             KEYS + "test_a_ring_that_is_lost_or_another_takes_nothing_from_the_place"),
)  # fmt: skip
