"""What is promised to persons, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

PEOPLE = "people/tests/test_people.py::"
ROTATION = "personal/tests/test_rotation.py::"
KEYRING = "personal/tests/test_keyring.py::"
KEYS = "personal/tests/test_subject_keys.py::"

PERSONS = below("src/hanse/runtime/data",
    Sabotage("erasing destroys the key first", "people/erasing.py",
             "await database.execute(_DESTROY_AT_ONCE, person.site, person.subjects)", "pass",
             PEOPLE + "test_who_erases_is_killed_in_the_middle_and_repeated_it_ends"),
    Sabotage("the generation before is destroyed", "personal/rotation.py",
             "await asyncio.to_thread(ring.destroy, number)", "pass",
             ROTATION + "test_who_lives_is_read_as_before_and_no_copy_of_before_is"),
    Sabotage("nothing is destroyed before the copy is kept", "personal/rotation.py",
             "    if copy is not None:\n        await copy(database)\n", "",
             ROTATION + "test_nothing_is_destroyed_before_the_copy_is_kept"),
    Sabotage("who inserts a key is waited for", "personal/rotation.py",
             "    if not await database.execute(_BEGIN, newest, database.clock.now(), before):",
             "    if False:",
             ROTATION + "test_other_hosts_go_on_without_a_restart"),
    Sabotage("a keyring is its user's alone", "personal/key_files.py",
             "if stat.S_IMODE(found.st_mode) & 0o077:", "if False:",
             KEYRING + "test_one_that_others_may_read_is_refused_with_the_way_out"),
    Sabotage("a keyring is of one database", "personal/subject_keys.py",
             "if not ring.bound:", "if True:",
             KEYS + "test_the_ring_of_one_database_is_refused_by_another"),
    Sabotage("a wrapped key is of its row", "personal/subject_keys.py",
             "return msgspec.json.encode((site, subject, purpose))", 'return b""',
             KEYS + "test_a_wrapped_key_that_was_moved_to_another_row_is_refused"),
    Sabotage("what a law keeps is kept", "people/texts.py",
             "limit {AT_ONCE} for update), kept as ({_KEPT}), {_TOLD}, ",
             "limit {AT_ONCE} for update), kept as (select $5::text[], $6::text[], $7::text[], "
             "$8::timestamptz[], $9::text[]), {_TOLD}, ",
             PEOPLE + "test_erasing_deletes_rows_keeps_what_a_law_keeps_and_leaves_others"),
    Sabotage("and no longer", "people/kept_sweep.py",
             '            if behind == "row":', '            if True:\n                continue\n            if behind == "row":',
             PEOPLE + "test_what_is_kept_can_be_read_until_its_time_is_over"),
    Sabotage("what is deleted softly is erased", "people/texts.py",
             'return (" and delete_time is null", " and delete_time is not null")',
             'return (" and delete_time is null",)',
             PEOPLE + "test_who_is_deleted_softly_is_exported_and_erased"),
    Sabotage("files go at once", "files/sweep.py",
             "                for site, file in unused:\n                    await self._store.delete(site, file)\n                await self._database.execute(FORGET, *_keys(unused))\n                await self._database.execute(ERASED_DONE",
             "                await self._database.execute(FORGET, *_keys(unused))\n                await self._database.execute(ERASED_DONE",
             PEOPLE + "test_the_files_of_who_is_erased_go_at_once_and_those_others_use_stay"),
    Sabotage("an export says nothing of others", "people/exporting.py",
             "keys if mine else None", "keys",
             PEOPLE + "test_what_a_row_says_of_somebody_else_is_theirs_alone"),
    Sabotage("a person is written down as no text", "people/person.py",
             "return self.text if self.uuid() is not None else self.token", "return self.text",
             PEOPLE + "test_a_text_that_is_a_person_is_written_down_as_its_token_alone"),
    Sabotage("a token is of its site", "personal/keyring.py",
             "hmac.digest(self._site_key(site), ", 'hmac.digest(self._site_key(""), ',
             KEYRING + "test_tokens_are_equal_where_texts_are_and_only_within_a_site"),
)  # fmt: skip
