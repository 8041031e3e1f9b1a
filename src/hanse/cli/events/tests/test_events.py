"""`hanse events` as an operator runs it."""

import asyncio
import functools
import json

import pytest
from click.testing import CliRunner

from hanse.cli.verbs import hanse
from hanse.runtime.broker.broker import Broker
from hanse.runtime.broker.message import Outgoing
from hanse.runtime.broker.publisher import Publisher
from hanse.runtime.broker.stream import EventStream
from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.runtime.events.relay.tables import own_stream, settle
from hanse.testing.servers.nats_server import NatsServer
from hanse.testing.servers.postgres_server import PostgresServer

EVENT = "019b78c9-0a80-739f-9780-959043322663"
ENVELOPE = json.dumps({
    "specversion": "1.0", "id": EVENT, "source": "/post.v1", "type": "post.v1.Letter",
    "time": "2026-01-01T09:00:00Z", "site": "acme", "datacontenttype": "application/json",
    "data": {"word": "bad"}, "subject": "a",
})  # fmt: skip
PARK = (
    "insert into hanse.subscription (name, create_time) values ('desk.v1.Desk/note', now())",
    "insert into hanse.delivery (subscription, partition, position) "
    "select 1, n, 7 from generate_series(0, 63) n",
    "insert into hanse.parked values (1, 0, '" + EVENT + "', 'acme', 'a', 3, 7, 'post.v1.Letter', "
    "convert_to('" + ENVELOPE + "', 'UTF8'), 10, now(), now(), 'dead', 'internal: no', null)",
)


@pytest.fixture
async def project(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "hanse.toml").write_text(
        '[project]\nname = "desk"\nservices = ["desk.service:Desk"]\n[keys]\nfolder = "keys"\n'
    )
    with PostgresServer() as server, NatsServer() as nats:
        url = await server.create()
        async with Database(DatabaseConfig(url=Secret(url), keys=tmp_path / "keys")) as database:
            from hanse.runtime.subscriptions.tables import make_tables

            await database.keys.open()
            await make_tables(database)
            for text in PARK:
                await database.execute(text)

            async def ask(*words, fails=False):
                given = {"HANSE_DATABASE__URL": url, "HANSE_BROKER__URL": nats.url}
                run = functools.partial(CliRunner().invoke, hanse, ["events", *words], env=given)
                done = await asyncio.to_thread(run)  # it has a loop of its own
                assert bool(done.exit_code) == fails, done.output
                return done.stderr if fails else done.stdout

            yield ask, database, tmp_path, nats


async def tell(database: Database, broker: Broker, count: int) -> None:
    """Has so many events stand in the stream of a database, as a relay does."""
    stream = EventStream(broker, (await own_stream(database)).name)
    await stream.ensure()
    publisher = Publisher(broker.connection, atomic=stream.atomic)
    subject = stream.subject(0, "post.v1.Letter")
    await publisher.publish([Outgoing(f"{n}", subject, b"x") for n in range(count)], 0)
    await settle(database, stream.name)


async def test_an_operator_looks_edits_tries_again_and_drops(project) -> None:
    ask, database, folder, nats = project
    assert json.loads(await ask("list", "--json")) == [
        {"name": "desk.v1.Desk/note", "position": 7, "lag": 0, "lag_seconds": 0.0,
         "hosts": 0, "waiting": 0, "dead": 1}
    ]  # fmt: skip
    assert "no stream yet" in await ask("stream")
    assert EVENT in await ask("dead")
    assert json.loads(await ask("show", EVENT))["envelope"]["data"] == {"word": "bad"}
    assert "say --yes" in await ask("drop", EVENT, fails=True)
    (folder / "mended.json").write_text('{"word": "good"}')
    edited = json.loads(await ask("edit", EVENT, str(folder / "mended.json"), "--json"))["event"]
    refused = await ask("show", EVENT, fails=True)
    assert ("No parked event" in refused, "events dead --waiting" in refused) == (True, True)
    assert "tries it at once" in await ask("replay", edited)
    assert "goes on without it" in await ask("drop", edited, "--yes")
    async with Broker(nats.config()) as broker:
        await broker.until_connected()
        await tell(database, broker, 7)
    whose = ("again", "desk.v1.Desk/note")
    assert "--from and --to" in await ask(*whose, "--first", "2", fails=True)
    assert "It holds 1 to 7" in await ask(*whose, "--first", "2", "--last", "9", fails=True)
    assert "events 2 to 5 once more" in await ask(*whose, "--first", "2", "--last", "5")
    by_time = json.loads(await ask(*whose, "--from", "2026-01-01", "--json"))
    assert by_time == {"replay_epoch": 2, "first": 1, "last": 7}
    rows = await database.fetch("select from_seq, to_seq from hanse.event_replay order by 2")
    assert [tuple(row) for row in rows] == [(2, 5), (1, 7)]
    assert "7 events, 1 to 7; 0.0 of 16 MiB.\nOutbox: nothing waits" in await ask("stream")
    assert json.loads(await ask("stream", "--json"))["leader"] == ""
    assert "events list" in await ask("forget", "nobody", "--yes", fails=True)
    assert "is forgotten" in await ask("forget", "desk.v1.Desk/note", "--yes")
    assert not await database.fetch("select from hanse.delivery")
