"""What no kill may show, and is broken on purpose: a host that lies about what it has done."""

from tests.faults.sabotages.row import Sabotage

KILLED = "tests/faults/kills/test_kills.py::test_at_no_point_a_kill_loses_or_invents_anything"
ERASED = "tests/faults/kills/test_erasures.py::"
DATA = "src/hanse/runtime/data/"

KILLS = [
    Sabotage("nothing is acknowledged before its commit", DATA + "database.py",
             "            await transaction.commit()\n",
             "            done = session.command('commit')\n"
             "            asyncio.Task(done) if running.get() else await done\n",
             KILLED + "[data.transaction.before_commit]"),
    Sabotage("no half of a transaction is kept", DATA + "transaction.py",
             "        return await self.do(lambda one: one.run(text, arguments))\n",
             "        done = await self.do(lambda one: one.run(text, arguments))\n"
             "        await self.do(lambda one: one.command('commit and chain'))\n"
             "        return done\n",
             KILLED + "[data.transaction.wrote]"),
    Sabotage("no event is told of what was undone", "src/hanse/runtime/events/events.py",
             "await self._database.execute(_WRITE, *written.row)",
             "await self._database._access.run(_WRITE, written.row)",
             KILLED + "[data.transaction.before_commit]"),
    Sabotage("what is done under a key and its answer are one", DATA + "idempotency/once.py",
             "            async with unit:\n", "            if unit:\n",
             KILLED + "[idempotency.worked]"),
    Sabotage("who read an older revision changes nothing, whatever is killed",
             DATA + "collection/statements.py",
             'rules = [f"({given.revision} = 0 or revision = {given.revision})"]',
             'rules = [f"{given.revision} >= 0"]', KILLED + "[data.write.done]"),
    Sabotage("a reader is of one site, whatever was killed", DATA + "query/statement.py",
             'SITE = "site_id = $1"', 'SITE = "$1::text is not null"', KILLED + "[data.write.sent]"),
    Sabotage("what was stored of a file is what its row says", DATA + "files/files.py",
             "            await self._store.put(site, uuid, intake.pieces())\n            await reached",
             "            [one async for one in intake.pieces()]\n            await reached",
             KILLED + "[files.row_kept]"),
    Sabotage("a full disk is called one, and nothing of what it refused is kept",
             DATA + "failures.py", '    "53100": _no_room,\n', "",
             "tests/faults/kills/test_full_disk.py::"
             "test_tables_without_room_refuse_what_is_new_and_lose_nothing"),
    Sabotage("what is to last waits for the disk", "src/hanse/testing/servers/postgres_server.py",
             'dict.fromkeys(("fsync", "full_page_writes", "autovacuum"), "on")',
             'dict.fromkeys(("full_page_writes", "autovacuum"), "on")',
             "src/hanse/testing/tests/test_data.py::test_what_is_to_last_waits_for_the_disk"),
    Sabotage("an erasure that was killed keeps when it began", DATA + "people/erasing.py",
             "case when e.end_time is null then e.begin_time else excluded.begin_time end",
             "excluded.begin_time", ERASED + "test_an_erasure_that_was_broken_off_is_ended_by_the_next"),
]  # fmt: skip
