"""What is promised of personal data in collections, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

SEALING = "personal/tests/test_sealing.py::"
NOTHING_IN_CLEAR = SEALING + "test_nothing_personal_is_stored_in_clear_and_all_is_read_as_it_was"
EVERY_WRITE = SEALING + "test_every_way_to_write_seals"

PERSONAL = below("src/hanse/runtime/data",
    Sabotage("what is personal is sealed", "personal/sealing.py",
             "            if says_nothing(value):\n                return value",
             "            if value:\n                return value",
             NOTHING_IN_CLEAR),
    Sabotage("what changes is sealed", "personal/seals.py",
             "        return Sent(sealed, [*proof.arguments, whose], proof)",
             "        return Sent(body, [*proof.arguments, whose], proof)",
             EVERY_WRITE),
    Sabotage("many at once are sealed", "collection/bulk.py",
             "ready = [msgspec.structs.replace(one, body=body) for one, body in sealed]",
             "ready = [one for one, body in sealed]",
             EVERY_WRITE),
    Sabotage("a sealed value opens where it was sealed alone", "personal/sealed_text.py",
             "return _encode((self.site, self.table, self.uuid.hex, path))",
             "return _encode((self.site, self.table, path))",
             SEALING + "test_a_value_that_was_moved_to_another_row_opens_nowhere"),
    Sabotage("a write proves that its keys are there", "personal/key_proof.py",
             '"(select count(*) from key_held) + (select count(*) from key_made) "\n'
             '        f"= cardinality(${first}::text[])"',
             'f"cardinality(${first}::text[]) >= 0"',
             SEALING + "test_a_write_by_a_key_that_was_destroyed_meanwhile_is_done_by_a_new_one"),
    Sabotage("a key is told from the one before", "personal/key_proof.py",
             "and s.purpose = k.purpose and s.mark = k.mark ",
             "and s.purpose = k.purpose ",
             SEALING + "test_a_key_that_was_drawn_anew_is_not_taken_for_the_one_before"),
    Sabotage("whose a row is has to be true", "collection/holding.py",
             "coalesce((${argument}::text[])[{at}] = {self._subject(person)}, true)",
             "coalesce((${argument}::text[])[{at}] = (${argument}::text[])[{at}], true)",
             SEALING + "test_what_is_of_another_person_now_is_sealed_by_their_key"),
    Sabotage("a row without its key is gone", "personal/sealing.py",
             '    if leaf.rule == "row" or leaf.leaf.default is ABSENT:',
             "    if leaf.leaf.default is ABSENT:",
             SEALING + "test_a_rule_of_rows_takes_the_row_although_the_field_has_a_default"),
    Sabotage("a token is of one site", "personal/sealing.py",
             'return self._keys.ring.token(site, text) if text else ""',
             'return self._keys.ring.token("", text) if text else ""',
             SEALING + "test_equal_texts_of_two_sites_or_none_are_told_apart_by_nobody"),
    Sabotage("nothing is sorted by what is sealed", "query/order.py",
             "if name in sealed or (field is not None and field.blind):",
             "if name in sealed:",
             SEALING + "test_what_a_sealed_field_cannot_be_asked_is_refused_with_a_way_out[asked4-sealed=False]"),
    Sabotage("a view masks what is personal", "table/view.py",
             "_masked(leaf) if leaf.path in masked else _shown(leaf, model.shape)",
             "_shown(leaf, model.shape)",
             "table/tests/test_view.py::test_what_is_personal_is_masked_sealed_or_not_also_what_was_there_before"
             "[18-direct]"),
    Sabotage("a view masks what was there before", "table/view.py",
             """inside = any(name.startswith(f"{one.leaf.name}.") for one in model.personal)""",
             "inside = False",
             "table/tests/test_view.py::test_what_is_personal_is_masked_sealed_or_not_also_what_was_there_before"
             "[18-direct]"),
)  # fmt: skip
