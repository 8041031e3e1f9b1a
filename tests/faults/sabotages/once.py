"""What is promised of idempotency keys, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

ONCE = "data/idempotency/tests/test_once.py::"

IDEMPOTENCY = below("src/hanse/runtime",
    Sabotage("the answer is kept with what was written", "data/idempotency/once.py",
             "                answer = await handle(*astuple(arguments))\n                await",
             "                answer = await handle(*astuple(arguments))\n            await",
             ONCE + "test_who_lost_the_key_has_done_nothing"),
    Sabotage("a key is of one request", "data/idempotency/once.py",
             "if found.digest != digest:", "if False:", ONCE + "test_a_key_of_another_request_is_refused"),
    Sabotage("a fault of ours is kept too", "data/idempotency/once.py",
             "            await self._ledger.answer(claim, _written(failure), failed=True)\n",
             "            await self._ledger.release(claim)\n",
             ONCE + "test_a_fault_of_ours_is_given_again_and_leaves_nothing"),
    Sabotage("failures of the moment are not kept", "data/idempotency/once.py",
             "NEVER_KEPT = (Unavailable, ResourceExhausted,", "NEVER_KEPT = (Unavailable,",
             ONCE + "test_failures_of_the_moment_are_not_kept[failure1]"),
    Sabotage("a key is its principal's", "data/idempotency/ledger.py",
             'who = f"{origin.principal.kind}:{origin.principal.id}"', 'who = "anybody"',
             ONCE + "test_a_key_of_one_site_or_principal_is_not_that_of_another"),
    Sabotage("who did a part of the work is never run again", "data/idempotency/ledger.py",
             "had.failed is null and not had.worked and", "had.failed is null and",
             ONCE + "test_who_failed_after_a_part_of_the_work_is_never_run_again"),
    Sabotage("what a keyed call calls has a key too", "call/outgoing.py",
             "call.keyed = derived_key(outer.name, outer.keyed, method, body)", "pass",
             ONCE + "test_what_a_keyed_call_calls_happens_once_too"),
    Sabotage("a refused statement refuses no other", "data/unit.py",
             "async with self._step, self.with_savepoint():", "async with self._step:",
             ONCE + "test_a_refused_statement_is_no_reason_to_refuse_the_others"),
    Sabotage("answers are forgotten when their time is over", "data/idempotency/ledger.py",
             "where had.create_time < $9\n       or", "where false\n       or",
             ONCE + "test_an_answer_is_kept_for_two_days"),
    Sabotage("no call is made in the middle of a block", "call/outgoing.py",
             "(TransactionOpen if unit.in_block else UnitOpen)", "UnitOpen",
             ONCE + "test_nobody_calls_in_the_middle_of_a_block"),
    Sabotage("tables of ours are made one host at a time", "data/arrival.py",
             'await database.lock("hanse")', "await database.lock(is_there)",
             "data/idempotency/tests/test_tables.py::"
             "test_two_kinds_at_once_are_not_in_each_others_way"),
)  # fmt: skip
