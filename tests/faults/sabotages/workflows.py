"""What is promised of workflows, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

SHOP = "tests/test_workflows.py::"
DYING = "tests/test_dying.py::test_whoever_dies_where_another_goes_on"
STOPPED = "tests/test_dying.py::test_a_host_that_was_stopped_writes_nothing_when_it_goes_on"
PROCESSES = "tests/test_processes.py::"
VERSIONS = "tests/test_versions.py::"
JOURNALS = "tests/test_journals.py::"

WORKFLOWS = below("src/hanse/runtime/workflows",
    Sabotage("an entry of a host that was stopped is refused", "journal/statements.py",
             "where w.id = g.id and w.epoch = g.epoch and w.holder is not null\n    for share",
             "where w.id = g.id\n    for share", STOPPED),
    Sabotage("what a step did is known when it goes on", "run.py",
             "        if entry is None or entry.failed is None:\n            entry = await perform",
             "        if True:\n            entry = await perform",
             SHOP + "test_a_year_passes_in_a_moment"),
    Sabotage("rows of a step and its entry are one", "engine/work.py",
             "            if not await store.keep(instance.id, instance.epoch, done):\n"
             "                raise NotKept\n            await reached(",
             "        if not await store.keep(instance.id, instance.epoch, done):\n"
             "            raise NotKept\n        await reached(",
             DYING + "[data.transaction.committed-2]"),
    Sabotage("the same id is the same instance", "info.py",
             "said = msgspec.json.encode((site, name, key))",
             "said = msgspec.json.encode((site, name, key, id(object())))",
             SHOP + "test_the_same_id_is_the_same_instance"),
    Sabotage("two sites have no instance in common", "info.py",
             "said = msgspec.json.encode((site, name, key))", "said = msgspec.json.encode((name, key))",
             SHOP + "test_the_same_id_is_the_same_instance"),
    Sabotage("a start is a part of the transaction around it", "workflows.py",
             "        if transaction_here(self._database) is None:\n            await self._engine.start(start)",
             "        if True:\n            await self._engine.start(start)",
             SHOP + "test_a_start_is_a_part_of_the_transaction_around_it"),
    Sabotage("another sequence of steps is noticed", "engine/instance.py",
             "if entry is not None and (entry.kind, entry.name) != (kind, name):", "if False:",
             VERSIONS + "test_another_sequence_of_steps_is_held_and_named"),
    Sabotage("so is one that ends too early", "engine/instance.py",
             'if entry is not None and not (failed and entry.kind == "undo"):', "if False:",
             VERSIONS + "test_another_sequence_of_steps_is_held_and_named"),
    Sabotage("the last is undone first", "engine/served.py",
             "sorted(instance.undos, reverse=True)", "sorted(instance.undos)",
             PROCESSES + "test_what_fails_is_undone_the_last_first"),
    Sabotage("what fails is undone", "engine/served.py", "        await undo(instance)\n", "",
             PROCESSES + "test_what_fails_is_undone_the_last_first"),
    Sabotage("an undo is tried until it is done", "retry.py",
             "UNTIL_DONE = Retry(tries=0,", "UNTIL_DONE = Retry(tries=1,",
             PROCESSES + "test_what_fails_is_undone_the_last_first"),
    Sabotage("all are locked before one is moved", "journal/statements.py",
             "    and (select count(*) from mine) > 0\n", "",
             PROCESSES + "test_of_many_at_once_each_does_its_own_once"),
    Sabotage("a signal is taken once", "engine/instance.py",
             "if called == name and number not in self._taken:", "if called == name:",
             PROCESSES + "test_signals_are_taken_once_and_in_order"),
    Sabotage("a replay does nothing", "replay.py",
             "            self.over = True\n            raise Halted\n", "            pass\n",
             VERSIONS + "test_a_recorded_journal_is_replayed_and_nothing_is_done"),
    Sabotage("a schedule that was missed comes late once", "schedules/schedule.py",
             "return ([] if late else times[-1:]), following", "return times, following",
             "tests/test_schedules.py::test_each_begins_when_it_is_due_and_what_was_missed_as_it_says"),
    Sabotage("a timer lasts", "engine/instance.py",
             'write.rest = Rest("open", wake, seen=self._seen)',
             'write.rest = Rest("open", None, seen=self._seen)',
             SHOP + "test_a_year_passes_in_a_moment"),
    Sabotage("what a dead host held goes on", "engine/engine.py",
             "if await self.store.free(FREE_MAX):", "if False:", DYING),
    Sabotage("an effect waits for what was done before it", "engine/work.py",
             "    await instance.durable()\n", "", DYING),
    Sabotage("who ends is looked at before it is changed", "journal/statements.py",
             "    and (select count(*) from mine) > 0\n", "",
             JOURNALS + "test_the_last_step_of_an_instance_is_kept_as_the_first_is"),
)  # fmt: skip
