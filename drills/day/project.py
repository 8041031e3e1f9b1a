"""The services of a drill: a project that is written, and written anew for each release."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drills.project import HEAD, write_file

if TYPE_CHECKING:
    from pathlib import Path

    from drills.day.faults import Fault

MEMORY_BYTES = 300_000_000
"""What a host may have: three times what one has that does not leak."""

PLACEMENT = """
default = "apart"
memory_bytes = {memory}

[deploy]
warm_seconds = {warm}

[[deploy.signals]]
event = "drill.v1.Sold"
bad = "down"
"""

SHARED = '''
"""What all services of the drill tell of."""

from hanse import Event, event


@event("drill.v1", key="service")
class Sold(Event):
    """Something was sold."""

    service: str
'''

SERVICE = '''
"""Release {release} of {name}."""

import asyncio
import math
import os
import random
import sys

from hanse import PUBLIC, Events, Service, Store, Struct, Unavailable, rpc, sql

from shared.events import Sold

SERVED = [0]
KEPT = []


class Busy(Unavailable):
    """Fails now and then, whatever the release."""

    code = "busy"


class Price(Struct, frozen=True):
    service: str
    price: int
    release: int


def fail(share: float) -> None:
    if random.random() < share:
        raise RuntimeError("a fault of the release")


async def slow(share: float, times: float) -> None:
    """Some take so many times as long again: four milliseconds are usual."""
    if random.random() < share:
        await asyncio.sleep(0.004 * times)


def count_and_end(requests: int) -> None:
    SERVED[0] += 1
    if SERVED[0] > requests:
        os._exit(1)


def leak() -> None:
    KEPT.append(b"x" * 1_000_000)


class Prices(Store, schema="{name}"):
    """What was agreed on."""

    agreed = sql("select amount from price where site_id = $1 and name = $2", int)


class {title}(Service, package="{name}.v1"):
    """Has a price."""

    def __init__(self, events: Events, prices: Prices) -> None:
        self._events = events
        self._prices = prices
        {start}

    @rpc("GET /{name}/v1/price", allow=PUBLIC, errors=(Busy,))
    async def price(self) -> Price:
        """Work of four milliseconds, more or less; one of a thousand fails."""
        await asyncio.sleep(0.004 * math.exp(random.gauss(0.0, 0.4)))
        if random.random() < 0.001:
            raise Busy("Try again.")
        {code}
        if {telling} and random.random() < 0.1:
            await self._events.emit(Sold("{name}"))
        if random.random() < 0.05:
            await self._prices.agreed.maybe("boat")
        return Price("{name}", 100, {release})
'''

TABLE = """
create table price (
    site_id text collate "C",
    name text,
    amount integer,
    primary key (site_id, name)
);
"""

MIGRATION = "migrations/0002_pre_cents.sql"
"""Of a release that changes its tables."""


def names(number: int) -> list[str]:
    """Of so many services."""
    return [f"s{each:02}" for each in range(number)]


def write_project(folder: Path, services: list[str], warm: float) -> None:
    """The whole project, each service in its first release."""
    write_file(folder / "shared/__init__.py", "")
    write_file(folder / "shared/events.py", SHARED)
    listed = ", ".join(f'"{name}.service:{name.title()}"' for name in services)
    placement = PLACEMENT.format(warm=warm, memory=MEMORY_BYTES)
    write_file(folder / "hanse.toml", HEAD.format(listed=listed, placement=placement))
    for name in services:
        write_file(folder / name / "__init__.py", "")
        write_file(folder / name / "migrations/0001_pre_price.sql", TABLE)
        write_release(folder, name, 1)


def asks(services: list[str]) -> list[dict[str, Any]]:
    """What users ask of each, and what is right."""
    return [
        {"name": one, "path": f"/{one}/v1/price", "right": {"service": one, "price": 100}}
        for one in services
    ]


def write_release(folder: Path, name: str, release: int, fault: Fault | None = None) -> None:
    """Another release of a service, as whoever saves its files does."""
    migration = folder / name / MIGRATION
    if fault and fault.migration:
        write_file(migration, fault.migration)
    else:
        migration.unlink(missing_ok=True)
    text = SERVICE.format(
        name=name,
        title=name.title(),
        release=release,
        code=fault.code if fault else "pass",
        start=fault.start if fault else "pass",
        telling=fault.telling if fault else True,
    )
    write_file(folder / name / "service.py", text)
