"""What operators see of the stream and of who reads it."""

from hanse.kit.environment import process_name
from hanse.kit.uuid7 import Uuid7Source
from hanse.runtime.events.relay.relay import LEASE
from hanse.runtime.events.relay.tables import own_stream
from hanse.runtime.events.tables import make_tables as make_outbox
from hanse.runtime.leases.lease import Lease
from hanse.runtime.subscriptions.overview import Overview


async def test_before_anything_was_told_there_is_nothing_to_see(bench) -> None:
    seen = await Overview(bench.database, None).stream()
    assert (seen.name, seen.told, seen.messages, seen.waiting, seen.leader) == ("", 0, None, 0, "")


async def test_a_stream_shows_what_is_in_it_and_what_waits_and_who_leads(office) -> None:
    database, broker = office.bench.database, office.made.broker
    await own_stream(database)
    await make_outbox(database)
    await database.execute("update hanse.stream set name = $1, last_seq = 4", office.made.name)
    drawn = [Uuid7Source().draw(office.bench.clock.now()) for _ in "ab"]
    await database.execute(
        "insert into hanse.outbox (id, partition, type, envelope) "
        "select e, 0, 'x', 'x' from unnest($1::uuid[]) e", drawn,
    )  # fmt: skip
    office.bench.clock.advance(90)
    await office.post(*(office.bench.letter(f"{n}") for n in range(4)))
    await office.made.purge(3)
    await Lease(database, LEASE).take()
    seen = await Overview(database, broker).stream()
    assert (seen.name, seen.told, seen.leader) == (office.made.name, 4, process_name())
    assert (seen.first, seen.last, seen.messages, seen.waiting) == (3, 4, 2, 2)
    assert 0 < seen.bytes < seen.bytes_most == broker.config.stream_bytes
    assert seen.oldest_seconds == 90
    away = await Overview(database, None).stream()
    assert (away.told, away.first, away.bytes_most, away.waiting) == (4, None, None, 2)


async def test_a_subscription_is_as_old_as_what_it_has_not_handled(office) -> None:
    database, broker = office.bench.database, office.made.broker
    await own_stream(database)
    await database.execute("update hanse.stream set name = $1, last_seq = 3", office.made.name)
    await office.post(*(office.bench.letter(f"{n}") for n in range(3)))
    (behind,) = await Overview(database, broker).subscriptions()
    assert (behind.position, behind.lag) == (0, 3)
    assert 0 < behind.lag_seconds < 3600
    await database.execute("update hanse.delivery set position = 3")
    (through,) = await Overview(database, broker).subscriptions()
    assert (through.lag, through.lag_seconds) == (0, 0)
    await database.execute("update hanse.delivery set position = 2 where partition = 5")
    (unknown,) = await Overview(database, None).subscriptions()
    assert (unknown.lag, unknown.lag_seconds) == (1, None)
