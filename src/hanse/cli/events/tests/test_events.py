"""`hanse events` as an operator runs it."""

import json

import pytest

from hanse.runtime.config.secret import Secret
from hanse.runtime.data.database import Database
from hanse.runtime.data.database_config import DatabaseConfig
from hanse.testing.servers.postgres_server import PostgresServer
from tests.end_to_end.terminal import hanse

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
async def project(tmp_path):
    (tmp_path / "hanse.toml").write_text(
        '[project]\nname = "desk"\nservices = ["desk.service:Desk"]\n[keys]\nfolder = "keys"\n'
    )
    with PostgresServer() as server:
        url = await server.create()
        async with Database(DatabaseConfig(url=Secret(url), keys=tmp_path / "keys")) as database:
            from hanse.runtime.subscriptions.tables import make_tables

            await database.keys.open()
            await make_tables(database)
            for text in PARK:
                await database.execute(text)

            def ask(*words, fails=False):
                done = hanse("events", *words, folder=tmp_path, HANSE_DATABASE__URL=url)
                assert bool(done.returncode) == fails, done.stderr
                return done.stderr if fails else done.stdout

            yield ask, database, tmp_path


async def test_an_operator_looks_edits_tries_again_and_drops(project) -> None:
    ask, database, folder = project
    assert json.loads(ask("list", "--json")) == [
        {"name": "desk.v1.Desk/note", "position": 7, "lag": 0, "hosts": 0, "waiting": 0, "dead": 1}
    ]
    assert EVENT in ask("dead")
    assert json.loads(ask("show", EVENT))["envelope"]["data"] == {"word": "bad"}
    assert "say --yes" in ask("drop", EVENT, fails=True)
    (folder / "mended.json").write_text('{"word": "good"}')
    edited = json.loads(ask("edit", EVENT, "mended.json", "--json"))["event"]
    assert "No parked event" in ask("show", EVENT, fails=True)
    assert "tries it at once" in ask("replay", edited)
    assert "goes on without it" in ask("drop", edited, "--yes")
    assert "once more" in ask("again", "desk.v1.Desk/note", "--first", "2", "--last", "5")
    (row,) = await database.fetch("select from_seq, to_seq from hanse.event_replay")
    assert (row["from_seq"], row["to_seq"]) == (2, 5)
    assert "is forgotten" in ask("forget", "desk.v1.Desk/note", "--yes")
    assert not await database.fetch("select from hanse.delivery")
