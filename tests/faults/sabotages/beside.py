"""What is promised of events and workflows in an app's own transactions, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

OUTBOX = "beside/tests/test_outbox.py::"
SESSIONS = "beside/tests/test_sessions.py::"
RIGHTS = "beside/tests/test_rights.py::"

BESIDE = below("src/hanse/runtime",
    Sabotage("an event is in the app's own transaction", "beside/joining.py",
             "            async with self._part(lent):\n                yield", "            yield",
             OUTBOX + "test_what_is_rolled_back_is_not_told"),
    Sabotage("nobody but the app commits its transaction", "beside/joining.py",
             "            if lent.companion is not None:\n                lent.companion.then",
             '            await lent.session.command("commit")\n            if lent.companion is not None:\n'
             "                lent.companion.then",
             OUTBOX + "test_it_is_kept_with_what_it_tells_of"),
    Sabotage("what a handler writes by the app's session is one with its inbox row",
             "beside/sessions.py", "unit.reach_by(self._lending)", "await unit.begin()",
             SESSIONS + "test_what_it_writes_is_there_once"),
    Sabotage("a handler whose transaction was undone has not handled its event",
             "beside/engine_sessions.py", "await super().command(_GOOD)", "pass",
             SESSIONS + "test_a_handler_whose_transaction_was_lost_has_handled_nothing"),
    Sabotage("what code of an app commits in a handler waits for its end", "beside/sessions.py",
             'join_transaction_mode="create_savepoint"', 'join_transaction_mode="control_fully"',
             SESSIONS + "test_what_code_of_the_app_commits_is_kept_with_the_end_of_the_handler_alone"),
    Sabotage("a transaction that failed is not committed without a word", "beside/lent.py",
             "        if self.failed:", "        if self.failed and session is None:",
             OUTBOX + "test_a_commit_after_a_failure_of_ours_fails"),
    Sabotage("an event comes after the change it tells of", "beside/lent.py",
             "        await mine.flush()\n", "",
             OUTBOX + "test_a_change_is_on_the_server_before_its_event"),
    Sabotage("nothing is told in a database where nobody looks for it", "beside/home.py",
             "if session.home != self._homes[database]:", "if not session.home:",
             OUTBOX + "test_a_session_of_another_database_is_refused"),
    Sabotage("a connection on which each statement stands alone is refused", "beside/lent.py",
             "    if not below.is_in_transaction():\n        raise", "    if not below:\n        raise",
             OUTBOX + "test_what_cannot_keep_two_things_together_is_refused"),
    Sabotage("whoever tells on is woken by the app's commit", "beside/lent.py",
             "            for step in then:", "            for step in self.then:",
             OUTBOX + "test_whoever_tells_on_is_woken_by_the_commit"),
    Sabotage("a failure of the moment is known through SQLAlchemy", "beside/failures.py",
             "        raise failure from error", "        raise",
             SESSIONS + "test_a_failure_of_the_moment_is_tried_again_at_once"),
    Sabotage("what has begun elsewhere is not begun again", "data/unit.py",
             "        if self.is_open:\n            raise Internal(", "        if self.in_block is None:\n            raise Internal(",
             SESSIONS + "test_what_the_host_has_begun_elsewhere_is_refused"),
    Sabotage("Alembic leaves alone what is ours", "beside/apart.py",
             "return schema not in left_alone", "return True",
             "beside/tests/test_apart.py::test_autogenerate_sees_nothing_of_ours"),
    Sabotage("a login that may too little is told what somebody has to run", "data/arrival.py",
             'sqlstate", "") != "42501"', 'sqlstate", "") != "42502"',
             RIGHTS + "test_it_says_what_an_operator_has_to_run_and_lives_with_that"),
)  # fmt: skip
