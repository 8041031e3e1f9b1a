"""Who erases is killed between the key and the rows: nobody is read again, nobody else is lost, and the next one ends it."""

from __future__ import annotations

import asyncio
import json
from typing import Any, NamedTuple

import asyncpg
import pytest

from hanse.kit.fetch import fetch
from hanse.runtime.data.database_config import DatabaseConfig
from tests.faults.kills.scene import ERASING, Ground, aim

ADA, BOB = "Ada-zx81", "Bob-zx82"
ORDERS = 3

SEALED = "select count(*) from register.{} where doc::text like '%\"~%'"
KEYS = "select subject from hanse.subject_key"
FILES = "select count(*) from hanse.file"
ERASURE = "select begin_time, end_time, found::text from hanse.erasure where subject = $1"

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Amid(NamedTuple):
    """An erasure under way, of one of two persons."""

    config: DatabaseConfig
    url: str
    ada: str
    bob: str
    erasing: asyncio.Future[tuple[int, Any]]


async def said(url: str, path: str, **given: Any) -> tuple[int, Any]:
    """What a host answers, and with which status."""
    verb, body = ("POST", json.dumps(given).encode()) if given else ("GET", b"")
    kind = {"content-type": "application/json"}
    status, _, text = await fetch(f"{url}/register/v1/{path}", verb=verb, headers=kind, body=body)
    return status, json.loads(text)


def all_of(name: str) -> dict[str, Any]:
    """What is known of somebody."""
    goods, phones = [f"goods {one}" for one in range(ORDERS)], [f"phone of {name}"] * ORDERS
    return {"name": name, "photo": f"photo of {name}", "goods": goods, "phones": phones}


async def stopped_amid(ground: Ground) -> Amid:
    """A host that stands between the key and the rows."""
    config = ground.server.config(await ground.server.create())
    url = await ground.hosts.begin(config, flock="register")
    ada, bob = [(await said(url, "persons", name=one, orders=ORDERS))[1] for one in (ADA, BOB)]
    assert await said(url, f"persons/{ada}") == (200, all_of(ADA))
    await aim(url, ERASING, 1)
    erasing = asyncio.ensure_future(said(url, "erasures", person=ada))
    await ground.hosts.stopped()
    return Amid(config, url, ada, bob, erasing)


async def sealed(connection: asyncpg.Connection) -> list[int]:
    """How many rows have something of anybody."""
    return [await connection.fetchval(SEALED.format(one)) for one in ("persons", "orders")]


async def all_is_over(connection: asyncpg.Connection, amid: Amid, url: str) -> None:
    assert await sealed(connection) == [1, ORDERS]
    assert await connection.fetchval(FILES) == 1
    assert await said(url, f"persons/{amid.bob}") == (200, all_of(BOB))
    begun, ended, found = await connection.fetchrow(ERASURE, amid.ada)
    assert json.loads(found) == {"register.persons": 1, "register.orders": ORDERS}
    assert ended > begun


@pytest.mark.parametrize("whom", ["host", "both"])
async def test_an_erasure_that_was_broken_off_is_ended_by_the_next(
    ground: Ground, whom: str
) -> None:
    amid = await stopped_amid(ground)
    await ground.hosts.kill()
    if whom == "both":
        ground.kill_postgres()
    await asyncio.wait((amid.erasing,))
    assert amid.erasing.exception() is not None, "nobody was told that they are erased"
    url = await ground.hosts.begin(amid.config, flock="register")

    connection = await asyncpg.connect(amid.config.url.reveal())
    assert [row[0] for row in await connection.fetch(KEYS)] == [amid.bob]
    assert await sealed(connection) == [2, 2 * ORDERS], "it was killed before the rows"
    begun, ended, _ = await connection.fetchrow(ERASURE, amid.ada)
    assert ended is None
    assert (await said(url, f"persons/{amid.ada}"))[0] == 404
    assert ADA not in (await said(url, f"persons/{amid.ada}/export"))[1]

    assert await said(url, "erasures", person=amid.ada) == (200, 1 + ORDERS)
    await all_is_over(connection, amid, url)
    assert (await connection.fetchrow(ERASURE, amid.ada))[0] == begun
    await connection.close()
    await ground.hosts.kill()


async def test_an_erasure_outlives_its_database_and_goes_on(ground: Ground) -> None:
    amid = await stopped_amid(ground)
    ground.kill_postgres()
    ground.hosts.go_on()
    assert await amid.erasing == (200, 1 + ORDERS)
    connection = await asyncpg.connect(amid.config.url.reveal())
    await all_is_over(connection, amid, amid.url)
    await connection.close()
    await ground.hosts.kill()
