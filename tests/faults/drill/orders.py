"""Orders of a fleet that is lost and brought back, and what is right about them afterwards."""

from __future__ import annotations

import json
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from itertools import count
from typing import Any, NamedTuple
from urllib.error import URLError

from hanse.testing.servers.unprivileged import NOBODY
from tests.end_to_end.backed_up import Shop, now
from tests.end_to_end.fleet import until
from tests.end_to_end.terminal import fetch
from tests.faults.drill.deals import DEALS
from tests.faults.drill.verdict import Done, Note, complaints, untold

LANES = 4
"""Orders of one are told in their order, and the first lane is slow."""

ERASED_AFTER = 40
"""Orders: whose person is erased ordered so many before."""

PATIENCE_SECONDS = 120.0


class Ordering(NamedTuple):
    """An order whose answer came: when it was asked for, and when that was."""

    number: str
    begun: datetime
    ended: datetime


class Orders:
    """Those of a shop.

    Attributes:
        taken: What was acknowledged.
        erased: Whose person was erased, and when that was acknowledged.
    """

    def __init__(self, made: Shop) -> None:
        self._made = made
        self._outside = made.place.with_name("outside")
        self._outside.mkdir()
        if os.geteuid() == 0:
            os.chown(self._outside, NOBODY, NOBODY)
        self._file = self._outside / "ledger"
        self.taken: list[Ordering] = []
        self.erased: dict[str, datetime] = {}
        self._before = 0
        made.fleet.write("deals.py", DEALS.format(ledger=self._file))
        toml = made.folder / "hanse.toml"
        toml.write_text(toml.read_text().replace("services = [", 'services = ["deals:Deals", ', 1))

    # Before.

    def order(self, number: str, lane: str) -> None:
        begun = now()
        self._post("orders", {"number": number, "lane": lane})
        self.taken.append(Ordering(number, begun, now()))

    def erase(self, number: str) -> None:
        """Erases whoever ordered it."""
        assert self._post("erasures", {"number": number}) == 1
        self.erased[number] = now()

    @contextmanager
    def taking(self, pause: float = 0.02) -> Iterator[None]:
        """Takes orders all the time, has every other delivered and some persons erased."""
        over = threading.Event()

        def take() -> None:
            for number in count():
                if over.wait(pause):
                    return
                with suppress(AssertionError, OSError, URLError, TimeoutError):
                    self._take(number)

        thread = threading.Thread(target=take)
        thread.start()
        try:
            yield
        finally:
            over.set()
            thread.join()

    def _take(self, number: int) -> None:
        name = f"o{number:05}"
        self.order(name, f"{number % LANES}")
        if number % 2:
            self._post("arrivals", {"number": name})
        if number % 10 == 0 and number >= ERASED_AFTER:
            self.erase(f"o{number - ERASED_AFTER:05}")

    def lost(self) -> None:
        """Counts what was done until now; nobody does anything any more."""
        self._before = len(self._ledger())

    # Afterwards.

    def slow_again(self) -> None:
        """Has the slow lane be slow until all is to come to rest again."""
        (self._outside / "ledger.fast").unlink()

    def all_is_right(self, moment: datetime, complete: datetime, last: datetime) -> str:
        """Has all come to rest, and holds it against what was done; words about it.

        Args:
            moment: What was acknowledged by then is there.
            complete: Who was erased by then stays so.
            last: What was asked for after that is not there.
        """
        (self._outside / "ledger.fast").touch()
        emails = self._made.fleet.get("/deals/v1/emails")
        there, known = set(emails), {one.number for one in self.taken if one.ended <= moment}
        assert known <= there, f"acknowledged and lost: {sorted(known - there)}"
        early = {one.number for one in self.taken if one.begun <= last}
        assert not (there & {one.number for one in self.taken}) - early, "from after that moment"
        erased = [one for one, ended in self.erased.items() if ended <= complete]
        assert not [one for one in erased if emails.get(one)], "who was erased is back"
        self._come_to_rest(there)
        notes = [Note(**one) for one in self._made.fleet.get("/deals/v1/notes")]
        wrong = complaints(self._ledger(), self._before, notes, there)
        assert not wrong, "\n".join(wrong[:20])
        lacking = {what: untold(notes, there, what) for what in ("told", "filed")}
        self._only_the_last(lacking, moment)
        return f"{len(there)} orders, {len(self._ledger()) - self._before} effects since, never told {[len(one) for one in lacking.values()]}"  # fmt: skip

    def _come_to_rest(self, there: set[str]) -> None:
        for number in sorted(there):
            self._post("arrivals", {"number": number}, 404)  # where it was brought before
        until(lambda: self._sent() == there, "all orders to be sent", PATIENCE_SECONDS)
        until(self._is_handled, "subscriptions to have handled all", PATIENCE_SECONDS)

    def _sent(self) -> set[str]:
        return {
            one["number"]
            for one in self._made.fleet.get("/deals/v1/notes")
            if one["what"] == "sent"
        }

    def _is_handled(self) -> bool:
        stream = self._made.fleet.hanse("events", "stream")
        found = self._made.fleet.hanse("events", "list")
        return not stream["waiting"] and not any(one["lag"] or one["waiting"] for one in found)

    def _only_the_last(self, lacking: dict[str, set[str]], moment: datetime) -> None:
        """What no subscription is told any more is what was under way, and a host says how many."""
        logs = (self._made.folder / ".hanse/up/logs").glob("*.log")
        said = re.findall(r"up to (\d+) events", "".join(one.read_text() for one in logs))
        begun = {one.number: one.begun for one in self.taken}
        for what, numbers in lacking.items():
            assert len(numbers) <= max(map(int, said), default=0), (
                f"{what}: {numbers}, said: {said}"
            )
            old = [one for one in numbers if (moment - begun.get(one, moment)).total_seconds() > 25]
            assert not old, f"{what}: {old} were told long before"

    # The wire.

    def _post(self, path: str, body: dict[str, Any], *others: int) -> Any:
        status, text = fetch(f"{self._made.fleet.url}/deals/v1/{path}", body)
        assert status in {200, 204, *others}, (status, text)
        return json.loads(text) if text else None

    def _ledger(self) -> list[Done]:
        return [Done(*json.loads(line)) for line in self._file.read_text().splitlines()]
