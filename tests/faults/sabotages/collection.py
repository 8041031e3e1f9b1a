"""What is promised of entities, their collections and resources, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

UNKNOWN = "collection/tests/test_unknown_fields.py::"
RESOURCE = "resource/tests/test_resource.py::"
SITES = "resource/tests/test_two_sites.py::"
TABLE = "table/tests/test_table.py::"

COLLECTION = below("src/hanse/runtime/data",
    Sabotage("a reader is of one site", "collection/statements.py",
             'self._here = "site_id = $1 and id = $2"',
             """self._here = "$1::text <> '' and id = $2\"""",
             SITES + "test_no_site_reads_what_another_wrote"),
    Sabotage("a revision is asked for", "collection/statements.py",
             'rules = [f"({given.revision} = 0 or revision = {given.revision})"]',
             'rules = [f"{given.revision} >= 0"]',
             RESOURCE + "test_who_read_an_older_revision_is_told_both"),
    Sabotage("unknown fields survive", "collection/statements.py",
             'changed = self._changed(merged_sql("doc", given.document, self._inner), where)',
             "changed = self._changed(given.document, where)",
             RESOURCE + "test_a_change_touches_what_it_names_and_nothing_else"),
    Sabotage("unknown fields survive in lists", "collection/merge.py",
             "same = next((one for one in sorted(free) if known[one] == item), None)",
             "same = None",
             UNKNOWN + "test_items_that_stay_keep_theirs_wherever_they_go"),
    Sabotage("what is referred to is there", "collection/statements.py",
             'f"where {self._all_found(5)} returning 1) "', '"returning 1) "',
             RESOURCE + "test_what_cannot_be_stored_is_refused_by_field_and_rule[given9-company-exists]"),
    Sabotage("what is immutable stays", "collection/statements.py",
             "rules += [self._kept(leaf, given) for leaf in self._model.immutable]", "",
             RESOURCE + "test_a_mask_or_change_that_cannot_be_is_refused[code-body6-code-immutable]"),
    Sabotage("what is hidden is not found", "collection/statements.py",
             'self._alive = " and delete_time is null" if model.soft else ""',
             'self._alive = ""',
             RESOURCE + "test_what_is_deleted_softly_hides_until_it_is_restored"),
    Sabotage("one of many sinks no other", "collection/statements.py",
             'f"on conflict do nothing returning id) "', 'f"returning id) "',
             RESOURCE + "test_of_many_new_ones_each_is_by_itself"),
    Sabotage("moments are said in UTC", "collection/document.py",
             "return value.astimezone(UTC)", "return value",
             RESOURCE + "test_a_filter_finds_by_what_a_reader_sees[wanted2-found2]"),
    Sabotage("a shape is never lowered", "collection/statements.py",
             "greatest(shape, {shape})", "{shape}",
             "collection/tests/test_upcast.py::"
             "test_an_older_release_reads_and_writes_what_the_newer_one_wrote[Middle]"),
    Sabotage("what is written is of the newest shape", "collection/statements.py",
             'rules.append(f"shape >= {self._model.shape}")', "pass",
             "collection/tests/test_upcast.py::test_a_write_stores_the_newest_shape_whole[update]"),
    Sabotage("a backfill overtakes nobody", "collection/backfill.py",
             "t.id = given.id and t.revision = given.revision and t.shape = given.shape",
             "t.id = given.id",
             "collection/tests/test_upcast.py::"
             "test_what_somebody_wrote_meanwhile_is_not_written_over"),
    Sabotage("one host makes an index", "table/indexing.py",
             'if row is None or not row["won"]:', "if row is None:",
             TABLE + "test_what_another_host_makes_is_left_to_it"),
    Sabotage("what was broken off is made anew", "table/indexing.py",
             "if there.get(index.name) is False:", "if False:",
             TABLE + "test_what_was_broken_off_is_made_anew"),
)  # fmt: skip
