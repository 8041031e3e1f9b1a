"""A handler's transaction costs its commit and one round trip more than its statements alone."""

import asyncio
import tempfile
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from hanse import Database
from hanse.runtime.config.secret import Secret
from hanse.runtime.subscriptions.handling.retry import AFTER


class Way:
    """Lies before a server, and counts how often it is asked and waited for."""

    def __init__(self) -> None:
        self.trips = 0
        self._asked = False

    async def serve(self, reader, writer, path: Path) -> None:
        there, back = await asyncio.open_unix_connection(path)
        await asyncio.gather(self._ask(reader, back), self._answer(there, writer))

    async def _ask(self, source, sink) -> None:
        while sent := await source.read(65536):
            self.trips += not self._asked
            self._asked = True
            sink.write(sent)
        sink.close()

    async def _answer(self, source, sink) -> None:
        while sent := await source.read(65536):
            self._asked = False
            sink.write(sent)
        sink.close()


async def test_a_handler_of_one_statement_makes_three_round_trips(bench) -> None:
    url, _, folder = bench.database.config.url.reveal().partition("?host=")
    way = Way()
    with tempfile.TemporaryDirectory() as name:
        serve = partial(way.serve, path=Path(folder) / ".s.PGSQL.5432")
        server = await asyncio.start_unix_server(serve, Path(name) / ".s.PGSQL.5432")
        config = replace(bench.database.config, url=Secret(f"{url}?host={name}"), connections=1)
        async with server, Database(config, bench.clock) as bench.database:
            settling = bench.settling()
            await settling.settle([bench.letter("first")])  # prepares its statement
            before = way.trips
            await settling.settle([bench.letter("second")])
            assert way.trips - before == 3
            before = way.trips
            await bench.settling("glance").settle([bench.letter("third")])
            assert way.trips - before == 2


async def test_behind_a_pooler_it_is_all_the_same_and_nothing_is_kept_by_name(bench) -> None:
    config = replace(bench.database.config, pooler="transaction", connections=1)
    async with Database(config, bench.clock) as bench.database:
        settling, letters = bench.settling(), [bench.letter(one, one) for one in ("a'b", "bad")]
        bench.stage.fails["bad"] = [ValueError("no")]
        for letter in letters * 2:
            await settling.settle([letter])
        await bench.settling("gather").settle([bench.letter(one, one) for one in "cd"])
        bench.clock.advance(AFTER[0])
        await bench.take_due(settling)
        assert await bench.notes() == ["a'b", "c", "d", "bad"]
        assert (len(await bench.inbox()), await bench.parked()) == (4, [])
        kept = await bench.database.fetch("select from pg_prepared_statements where from_sql")
        assert kept == []
