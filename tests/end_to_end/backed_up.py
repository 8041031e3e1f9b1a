"""A small project that sells, with a place for its backups, and an outside ledger of what it acknowledged."""

import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple
from urllib.error import URLError

from hanse.testing.servers.unprivileged import NOBODY
from tests.end_to_end.fleet import Fleet, fleet, until
from tests.end_to_end.terminal import fetch, hanse

SALES = '''
"""Writes down what was sold."""

from hanse import PUBLIC, Database, File, Files, Service, current, rpc

TABLE = """
create table if not exists sale (site_id text collate "C", item text, primary key (site_id, item))
"""


class Sales(Service):
    """Writes down what was sold."""

    def __init__(self, database: Database, files: Files) -> None:
        self._database = database
        self._files = files
        database.prepare(self._make_table)

    async def _make_table(self) -> None:
        await self._database.execute(TABLE)

    @rpc("POST /sales/v1/sales", allow=PUBLIC)
    async def sell(self, item: str) -> int:
        """How many there are."""
        await self._database.execute("insert into sale values ($1, $2)", current().site, item)
        return len(await self._database.fetch("select from sale where site_id = $1", current().site))

    @rpc("POST /sales/v1/sales:for", allow=PUBLIC)
    async def sell_for(self, site: str, item: str) -> tuple[str, ...]:
        """Sells for another site, and says what it has sold."""
        if item:
            await self._database.execute("insert into sale values ($1, $2)", site, item)
        rows = await self._database.fetch(
            "select item from sale where site_id = $1 order by item", site
        )
        return tuple(row["item"] for row in rows)

    @rpc("POST /sales/v1/receipts", allow=PUBLIC)
    async def keep(self, text: str) -> File:
        """A file that says so."""

        async def pieces():
            yield text.encode()

        return await self._files.save("receipt.txt", pieces())

    @rpc("POST /sales/v1/receipts:read", allow=PUBLIC)
    async def read(self, file: File) -> str:
        return b"".join([piece async for piece in self._files.read(file)]).decode()

    @rpc("GET /sales/v1/sales", allow=PUBLIC)
    async def sold(self) -> tuple[str, ...]:
        rows = await self._database.fetch(
            "select item from sale where site_id = $1 order by item", current().site
        )
        return tuple(row["item"] for row in rows)
'''


def now() -> datetime:
    return datetime.now(UTC)


class Acknowledged(NamedTuple):
    """A sale whose answer came.

    Attributes:
        item: What was sold, and the key it was sold under.
        begun: When it was asked for.
        ended: When the answer was there.
        answer: What it said.
    """

    item: str
    begun: datetime
    ended: datetime
    answer: str


class Shop:
    """The fleet, and what was sold there."""

    def __init__(self, made: Fleet, place: Path) -> None:
        self.fleet = made
        self.place = place
        self.folder = made.folder
        self.files = place.with_name("files")
        self.ledger: list[Acknowledged] = []

    def sell(self, item: str) -> str:
        """Sells one, under a key of the same letters; the answer."""
        begun = now()
        status, text = fetch(
            f"{self.fleet.url}/sales/v1/sales", {"item": item}, idempotency_key=item
        )
        assert status == 200, (status, text)
        self.ledger.append(Acknowledged(item, begun, now(), text))
        return text

    def sell_for(self, site: str, item: str) -> list[str]:
        """Sells one for another site."""
        return self._post("sales:for", {"site": site, "item": item})

    def sold_for(self, site: str) -> list[str]:
        return self.sell_for(site, "")

    def keep(self, text: str) -> dict[str, Any]:
        """Keeps a file."""
        return self._post("receipts", {"text": text})

    def read(self, file: dict[str, Any]) -> Any:
        """What stands in it."""
        return self._post("receipts:read", {"file": file})

    def _post(self, path: str, body: object) -> Any:
        status, text = fetch(f"{self.fleet.url}/sales/v1/{path}", body)
        assert status == 200, (status, text)
        return json.loads(text)

    def sold(self) -> set[str]:
        found = self.fleet.get("/sales/v1/sales")
        assert len(found) == len(set(found))
        return set(found)

    def known_by(self, moment: datetime) -> set[str]:
        """What was acknowledged by then."""
        return {one.item for one in self.ledger if one.ended <= moment}

    def asked_after(self, moment: datetime) -> set[str]:
        """What was not even asked for by then."""
        return {one.item for one in self.ledger if one.begun > moment}

    @contextmanager
    def selling(self, sellers: int = 3) -> Iterator[None]:
        """Sells all the time; what fails is not acknowledged, and tried again under its key."""
        over = threading.Event()

        def sell(seller: int) -> None:
            number = 0
            while not over.is_set():
                try:
                    self.sell(f"{seller}-{number:05}")
                except (AssertionError, OSError, URLError, TimeoutError):
                    over.wait(0.05)
                    continue
                number += 1

        threads = [threading.Thread(target=sell, args=(one,)) for one in range(sellers)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            over.set()
            for thread in threads:
                thread.join()

    def lose(self) -> None:
        """Everything is killed at one moment, and the state folder is gone."""
        self.fleet.kill_all()
        shutil.rmtree(self.folder / ".hanse")
        for one in self.files.iterdir():
            shutil.rmtree(one)

    def refused(self, *arguments: str) -> str:
        """What a command says that must not succeed."""
        done = hanse(*arguments, folder=self.folder)
        assert done.returncode == 1, done.stdout + done.stderr
        return done.stderr

    def base(self) -> dict[str, str]:
        """The newest base that is whole."""
        found = sorted(self.place.glob("*/bases/*/base.json"))
        return json.loads(found[-1].read_text()) if found else {}

    def half_done(self) -> list[Path]:
        """What is there of bases that are none yet, or never became any."""
        folders = self.place.glob("*/bases/*")
        return [one for one in folders if not (one / "base.json").exists()]

    def until_base(self) -> None:
        until(self.base, "a first base")

    def until_complete(self, moment: datetime) -> None:
        """Waits until the place says that all of a moment is there."""
        until(lambda: self._complete() > moment.isoformat(), "the place to be complete")

    def _complete(self) -> str:
        found = [
            json.loads(one.read_text())["time"] for one in self.place.glob("*/complete/*.json")
        ]
        return max(found, default="")


@contextmanager
def shop(folder: Path, backup: str = "", file_store: str = "") -> Iterator[Shop]:
    """A project that is not started yet.

    Args:
        folder: For it and the place of its backups, beside each other.
        backup: What `[backup]` says, if not that place.
        file_store: What `[file_store]` says, if not a folder beside.
    """
    place, files = folder / "backups", folder / "files"
    folder.chmod(0o755)
    for one in (place, files):
        one.mkdir(mode=0o700, exist_ok=True)
        if os.geteuid() == 0:
            os.chown(one, NOBODY, NOBODY)  # as whom the fleet runs then
    with fleet(folder / "project") as made:
        made.write("sales.py", SALES)
        file = made.folder / "hanse.toml"
        named = f'folder = "{place}"'
        text = file.read_text().replace("services = [", 'services = ["sales:Sales", ', 1)
        kept = file_store or f'folder = "{files}"'
        file.write_text(f"{text}\n[file_store]\n{kept}\n\n[backup]\n{backup or named}\n")
        yield Shop(made, place)
