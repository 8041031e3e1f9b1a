"""What is promised of events and of those who tell them, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

BESIDE = "events/tests/test_beside.py::"
EMIT = "events/tests/test_emit.py::"
KEPT_TOGETHER = EMIT + "test_write_and_event_are_kept_together_or_not_at_all"
ONE_STATEMENT = BESIDE + "test_each_write_and_its_event_are_one_statement"
ONE_KEY = BESIDE + "test_a_new_one_and_what_is_told_of_it_have_one_new_key"
LOCKED = "publish/tests/test_event_lock.py::test_what_another_release_could_not_read_is_refused"

EVENTS = below("src/hanse/runtime",
    Sabotage("an event is undone with what it tells of", "events/events.py",
             "await self._database.execute(_WRITE, *written.row)",
             "await self._database._access.run(_WRITE, written.row)",
             KEPT_TOGETHER),
    Sabotage("of what is not written nothing is told", "data/outbox/statement.py",
             'f"from {name}){answer}{answering}"', 'f"where true){answer}{answering}"',
             BESIDE + "test_a_write_that_is_refused_tells_nothing"),
    Sabotage("of what is not written among many nothing is told", "data/outbox/telling_many.py",
             'f"join made on', 'f"left join made on',
             BESIDE + "test_of_many_who_is_refused_tells_nothing"),
    Sabotage("many are told in the order they are given", "data/outbox/telling_many.py",
             "order by e.n)", "order by e.n desc)",
             BESIDE + "test_many_new_ones_and_their_events_are_one_statement"),
    Sabotage("the keys of many events are proven by the statement of their rows", "data/collection/bulk.py",
             'if not keyed or row["sealed"]:', "if True:",
             BESIDE + "test_many_are_told_under_new_keys_where_theirs_were_destroyed_meanwhile"),
    Sabotage("what is personal leaves sealed", "events/writing.py",
             "(data,), proof = await sealing.whole(", "_, proof = await sealing.whole(",
             EMIT + "test_what_is_personal_leaves_sealed_and_is_opened_until_its_person_is_erased"),
    Sabotage("a key that cannot be kept is refused where it is told", "events/writing.py",
             'if "\\0" in key:', "if False:",
             EMIT + "test_a_key_that_no_database_keeps_is_refused"),
    Sabotage("whoever tells on is woken when there is something to see", "data/database.py",
             "transaction.then[step] = None", "step()", KEPT_TOGETHER),
    Sabotage("an event proves its keys in the statement of its row", "data/outbox/telling.py",
             "return super().needed or not self.beside", "return super().needed",
             ONE_STATEMENT),
    Sabotage("a row and its event are sealed under one new key", "data/personal/sealing.py",
             "if owner in wanted}", "if owner not in wanted}", ONE_KEY),
    Sabotage("a key that is gone is asked for anew", "data/outbox/telling.py",
             "await forget_doubted(self._keys, row[0], sent.proof)", "del done",
             BESIDE + "test_whose_key_was_destroyed_meanwhile_is_told_under_a_new_one"),
    Sabotage("an event is of its site alone", "events/writing.py",
             "site=call.origin.site,", 'site="acme",',
             EMIT + "test_two_sites_are_apart_in_one_outbox"),
    Sabotage("no envelope is larger than a reader takes", "events/writing.py",
             "if len(sent) > ENVELOPE_MAX:", "if len(sent) > 2 * ENVELOPE_MAX:",
             EMIT + "test_what_is_too_large_names_the_field_and_the_way_out"),
    Sabotage("nobody waits for a broker that takes nothing", "events/room.py",
             "        if self._full:\n            raise", "        if not self._database:\n            raise",
             EMIT + "test_where_nobody_takes_events_on_no_more_are_taken_in"),
    Sabotage("a mistake in what orders is told", "events/checks.py",
             "return leaf.kind in _KEYS and not leaf.many and not leaf.nullable", "return True",
             "events/tests/test_declaration.py::"
             "test_a_key_and_a_person_are_values_that_can_be_that"),
    Sabotage("no field of an event is taken away", "publish/event_lock.py",
             "            if found is None:\n                yield", "            if found is field:\n                yield",
             LOCKED),
    Sabotage("what is new in an event has a default", "publish/event_lock.py",
             "        for field in there.values():\n            if field.required:",
             "        for field in there.values():\n            if not field.name:", LOCKED),
    Sabotage("a field of an event keeps its type", "publish/event_lock.py",
             "            case _ if before != now:", "            case _ if not where:", LOCKED),
    Sabotage("what leaves sealed goes on to", "publish/event_lock.py",
             "            if self._was(path):", "            if not path:", LOCKED),
    Sabotage("what is sealed is described as such", "publish/asyncapi.py",
             "for path, _ in event.personal:", "for path, _ in ():",
             "publish/tests/test_asyncapi.py::test_what_is_told_is_what_the_document_says"),
    Sabotage("who takes an event is described", "publish/asyncapi.py",
             "_sent(post) | _received(post.subscriptions)", "_sent(post)",
             "publish/tests/test_asyncapi.py::test_it_says_who_tells_and_who_takes"),
)  # fmt: skip

EVENTS.append(
    Sabotage("who loses its cancelling is cancelled again", "src/hanse/kit/ending.py",
             "        for task in left:\n            task.cancel()\n        _, left",
             "        for task in left:\n            _ = task.cancelling() or task.cancel()\n        _, left",
             "src/hanse/kit/tests/test_ending.py::"
             "test_who_is_cancelled_and_goes_on_is_cancelled_again"),
)  # fmt: skip
