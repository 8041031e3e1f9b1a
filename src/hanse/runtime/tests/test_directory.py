"""A host follows the directory's file: who serves what, where, while calls are under way."""

import asyncio
import json
import os
from contextlib import AsyncExitStack

import pytest

from hanse import Host
from hanse.runtime.errors import Unavailable
from hanse.runtime.tests.shelves import SHELF, Fleet, Ladder, Shelf, Shop, Stand, until
from hanse.runtime.wiring import WiringError


@pytest.fixture
async def fleet(tmp_path):
    async with AsyncExitStack() as stack:
        yield Fleet(tmp_path, stack)


def revision(host: Host) -> float:
    [family] = [one for one in host.metrics.families() if one.name == "hanse_directory_revision"]
    [series] = family.series.values()
    return series.value


async def test_what_the_file_names_is_called_there(fleet):
    fleet.write(await fleet.shelf("a"))

    host = await fleet.caller(Shop)

    assert await host.get(Shop).place() == "a"
    assert await host.get(Shelf).place() == "a"
    assert revision(host) == 1


async def test_addresses_may_be_relative_to_the_working_folder(fleet, tmp_path, monkeypatch):
    deep = tmp_path / ("deep" * 30)
    deep.mkdir()
    monkeypatch.chdir(deep)
    fleet.folder, fleet.file = (deep.relative_to(deep), deep / "directory.json")
    assert await fleet.shelf("a") == "unix:a.sock"
    fleet.write("unix:a.sock")

    assert await (await fleet.caller()).get(Shelf).place() == "a"


async def test_who_moves_is_called_where_it_is_now(fleet):
    a, b = await fleet.shelf("a"), await fleet.shelf("b")
    fleet.write(a)
    host = await fleet.caller(Shop)
    assert await host.get(Shop).place() == "a"

    fleet.write(b)
    await until(lambda: revision(host) == 2)

    assert [await host.get(Shop).place() for _ in range(20)] == ["b"] * 20


async def test_calls_under_way_end_where_they_began_and_then_the_link_is_closed(fleet):
    a, b = await fleet.shelf("a"), await fleet.shelf("b")
    fleet.write(a)
    host = await fleet.caller()
    waiting = asyncio.create_task(host.get(Shelf).wait())
    await fleet.places["a"].begun.wait()

    fleet.write(b)
    await until(lambda: revision(host) == 2)
    assert await host.get(Shelf).place() == "b"
    assert len(fleet.hosts["a"].connections) == 1
    fleet.places["a"].go.set()

    assert await waiting == "a"
    await until(lambda: not fleet.hosts["a"].connections)


async def test_who_stays_keeps_its_connections(fleet):
    a, b = await fleet.shelf("a"), await fleet.shelf("b")
    fleet.write(a)
    host = await fleet.caller()
    await host.get(Shelf).place()
    [link] = fleet.hosts["a"].connections

    fleet.write(a, b)
    await until(lambda: revision(host) == 2)
    met = {await host.get(Shelf).place() for _ in range(50)}

    assert met == {"a", "b"}
    assert list(fleet.hosts["a"].connections) == [link]


async def test_who_is_called_anew_before_it_was_parted_from_keeps_its_connection(fleet):
    a, b = await fleet.shelf("a"), await fleet.shelf("b")
    fleet.write(a, **{"ladder.v1.Ladder": [a]})
    host = await fleet.caller()
    waiting = asyncio.create_task(host.get(Shelf).wait())
    await fleet.places["a"].begun.wait()
    [link] = fleet.hosts["a"].connections
    fleet.write(b, **{"ladder.v1.Ladder": [a]})
    await until(lambda: revision(host) == 2)

    ladder = host.get(Ladder)
    fleet.places["a"].go.set()
    await waiting
    looked = host.date
    await until(lambda: host.date != looked)

    assert list(fleet.hosts["a"].connections) == [link]
    assert await ladder.steps() == 7


async def test_who_left_may_come_back(fleet):
    a, b = await fleet.shelf("a"), await fleet.shelf("b")
    fleet.write(a)
    host = await fleet.caller()
    for number, address in enumerate([b, a, b, a], 2):
        fleet.write(address)
        await until(lambda number=number: revision(host) == number)
        assert f"unix:{fleet.folder}/{await host.get(Shelf).place()}.sock" == address


async def test_what_nobody_serves_any_more_is_unavailable_until_somebody_does(fleet):
    a = await fleet.shelf("a")
    fleet.write(a)
    host = await fleet.caller(Shop)

    fleet.write()
    await until(lambda: revision(host) == 2)
    with pytest.raises(Unavailable, match="No host serves this"):
        await host.get(Shop).place()
    fleet.replace('{"revision": 3, "services": {}}')
    await until(lambda: revision(host) == 3)
    with pytest.raises(Unavailable, match="No host serves this"):
        await host.get(Shop).place()

    fleet.replace(json.dumps({"revision": 4, "services": {SHELF: [a]}}))
    await until(lambda: revision(host) == 4)
    assert await host.get(Shop).place() == "a"


async def test_what_is_served_here_stays_here_whatever_the_file_says(fleet):
    fleet.write("unix:nowhere.sock")

    host = await fleet.caller(Shop, Stand)

    assert await host.get(Shop).place() == "here"


async def test_what_is_configured_wins(fleet):
    a, b = await fleet.shelf("a"), await fleet.shelf("b")
    fleet.write(a)
    host = await fleet.caller(Shop, Stand, directory={SHELF: (b,)})

    assert await host.get(Shop).place() == "b"
    fleet.write(a)
    await until(lambda: revision(host) == 2)
    assert await host.get(Shop).place() == "b"


@pytest.mark.parametrize("text", [None, "{", '{"services": {}}'])
async def test_who_is_in_neither_is_told_at_the_start(fleet, text):
    if text is not None:
        fleet.replace(text)

    with pytest.raises(WiringError) as raised:
        await fleet.caller(Shop)

    assert raised.value.problems == (
        "Shop(shelf: Shelf): nobody serves shelf.v1.Shelf; list a service that does, or give its "
        "address in the directory",
    )


BROKEN = {
    "half": '{"revision": 2, "serv',
    "empty": "",
    "a list": "[]",
    "deep": '{"x":' + "[" * 5000,
    "addresses that are none": '{"services": {"shelf.v1.Shelf": [1]}}',
    "one address for many": '{"services": {"shelf.v1.Shelf": "unix:/a"}}',
    "nobody could call there": '{"services": {"shelf.v1.Shelf": ["http://10.0.0.1:80"]}}',
    "no tls here": '{"services": {"shelf.v1.Shelf": ["https://10.0.0.1:80"]}}',
    "no address": '{"services": {"other.v1.Other": ["nonsense"]}}',
    "no revision": '{"revision": "2", "services": {}}',
    "endless": " " * (8 * 1024 * 1024 + 1),
}


@pytest.mark.parametrize("name", BROKEN)
async def test_a_broken_file_changes_nothing_and_is_said_once(fleet, caplog, name):
    a, b = await fleet.shelf("a"), await fleet.shelf("b")
    fleet.write(a)
    host = await fleet.caller()

    def messages() -> list[str]:  # others may speak up as well, as where the loop was blocked
        return [one.getMessage() for one in caplog.records if one.name == "hanse.directory"]

    fleet.replace(BROKEN[name])
    await until(messages)
    assert await host.get(Shelf).place() == "a"
    fleet.write(b)
    await until(lambda: revision(host) == 2)

    assert await host.get(Shelf).place() == "b"
    assert len(messages()) == 1
    assert "what is known of other hosts stays" in messages()[0]


async def test_a_file_that_goes_away_changes_nothing(fleet, caplog):
    fleet.write(await fleet.shelf("a"))
    host = await fleet.caller()

    fleet.file.unlink()
    await until(lambda: caplog.records)

    assert await host.get(Shelf).place() == "a"
    assert revision(host) == 1


async def test_a_file_that_cannot_be_read_is_said_once_over_many_looks(fleet, caplog):
    host = await fleet.caller()
    looked = host.date

    await until(lambda: host.date != looked)  # a second has passed: four looks or so

    messages = [one.getMessage() for one in caplog.records if one.name == "hanse.directory"]
    assert len(messages) == 1
    assert "No such file" in messages[0]


async def test_a_file_written_anew_within_the_same_moment_is_noticed(fleet):
    a, b = await fleet.shelf("a"), await fleet.shelf("b")
    fleet.write(a)
    times = fleet.file.stat()
    host = await fleet.caller()

    fleet.write(b)
    os.utime(fleet.file, ns=(times.st_atime_ns, times.st_mtime_ns))

    await until(lambda: revision(host) == 2)
    assert await host.get(Shelf).place() == "b"
