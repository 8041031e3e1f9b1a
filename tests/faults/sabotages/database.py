"""What is promised of the database, its connections and transactions, and broken on purpose."""

from tests.faults.sabotages.row import Sabotage, below

STATEMENTS = "data/tests/test_statements.py::"
TRANSACTIONS = "data/tests/test_transactions.py::"
CALLS = "data/tests/test_calls.py::"
OUTAGES = "data/tests/test_outages.py::"
HOSTS = "tests/test_host_database.py::"

DATABASE = below("src/hanse/runtime",
    Sabotage("no service is called while a transaction is open", "call/outgoing.py",
             "if transaction is not None and transaction.holds(outer):", "if False:",
             CALLS + "test_no_service_is_called_while_a_transaction_is_open"),
    Sabotage("who leaves does not end what is being written", "call/leaving.py",
             "        if writes is None:\n", "        if True:\n",
             CALLS + "test_a_caller_that_leaves_does_not_end_what_has_begun_to_write"),
    Sabotage("a call whose caller left ends after it has written", "call/leaving.py",
             "            if writes.left:\n", "            if False:\n",
             CALLS + "test_a_caller_that_leaves_does_not_end_what_has_begun_to_write"),
    Sabotage("what may have run is not run again", "data/access.py",
             "tries, gone = TRIES if again else 1,", "tries, gone = TRIES,",
             OUTAGES + "test_what_may_write_is_not"),
    Sabotage("what only reads is asked again", "data/access.py",
             "tries, gone = TRIES if again else 1,", "tries, gone = 1,",
             OUTAGES + "test_what_only_reads_is_begun_again_where_its_connection_breaks"),
    Sabotage("a caught failure keeps nothing", "data/transaction.py",
             "        except BaseException:\n            self._failed = True\n            raise\n",
             "        except BaseException:\n            raise\n",
             TRANSACTIONS + "test_a_block_inside_is_a_part_and_fails_with_all[18-direct]"),
    Sabotage("a savepoint is gone back to", "data/transaction.py",
             'one.command(f"rollback to savepoint {name}")', 'one.command("select 1")',
             TRANSACTIONS + "test_a_block_with_a_savepoint_fails_alone[18-direct]"),
    Sabotage("a conflict is tried again", "data/database.py",
             "if is_part or monotonic() > until:", "if True:",
             TRANSACTIONS + "test_a_storm_on_one_row_is_counted_exactly[18-direct-serializable]"),
    Sabotage("what was broken off is cleaned before it is used again", "data/pool.py",
             "healed = await session.heal()", "healed = True",
             TRANSACTIONS + "test_a_cancelled_transaction_is_undone_and_its_connection_clean"
             "[18-direct]"),
    Sabotage("nobody waits for ever", "data/pool.py",
             'future.set_exception(self._shed("The database was busy for too long"))', "pass",
             STATEMENTS + "test_nobody_waits_longer_than_said_for_a_connection[18-direct]"),
    Sabotage("behind a pooler nothing is kept", "data/session.py",
             "statement_cache_size=0 if pooled else 100", "statement_cache_size=100",
             STATEMENTS + "test_twenty_callers_share_few_connections[18-pooled]"),
    Sabotage("a connection that ended is no fault of a service", "data/session.py",
             "return error if isinstance(error, ValueError) or not self.closed else GoneBefore()",
             "return error",
             OUTAGES + "test_a_connection_that_ended_inside_a_transaction_is_no_fault_of_a_service"),
    Sabotage("connections nobody uses are closed", "data/pool.py",
             "self._idle[0].idle_since < oldest", "False",
             OUTAGES + "test_connections_nobody_uses_are_closed"),
    Sabotage("no host is ready before its database", "host.py",
             "and (data is None or data.ready)", "",
             HOSTS + "test_a_host_whose_database_is_away_starts_unready_and_becomes_ready_by_itself"),
    Sabotage("a URL in the file has no password", "project/database_table.py",
             "([^:@/]*@)?", "(.*@)?",
             "project/tests/test_database_table.py::test_a_password_never_does"),
    Sabotage("what a constructor asks for is never passed over", "wiring.py",
             "    if problems:\n        raise WiringError(*problems)\n    kinds", "    kinds",
             "tests/test_wiring.py::test_what_a_constructor_asks_for_is_never_passed_over[kept_in_database]"),
)  # fmt: skip
