"""A client that keeps a ledger: one errand after another, drawn from a seed, until its host is no more."""

from __future__ import annotations

import asyncio
import hashlib
import json
import random
from typing import Any

from hanse.kit.http import Address, Channel, ConnectionFailed, connect
from tests.faults.kills.ledger import Entry, Errand, Ledger

KINDS = ("create", "change", "change", "stale", "transfer", "transfer", "delete", "look", "file")
FAVOURED = {
    "idempotency": ("keyed create", "keyed transfer"),
    "files": ("file",),
    "data.transaction": ("transfer",),
    "data.read": ("transfer", "look"),
}
"""What is asked for more often where it leads to the point that is waited for."""
PDF = "%PDF-1.7 {}"
FORM = "multipart/form-data; boundary=x"


class Client:
    """Knows what it was told, and nothing else.

    Args:
        number: Of how many there are.
        ledger: Where it notes what it does, before and after.
        chance: Draws its errands.
    """

    def __init__(self, number: int, ledger: Ledger, chance: random.Random) -> None:
        self._number = number
        self._ledger = ledger
        self._chance = chance
        self._count = 0
        self._channel: Channel | None = None
        self._ids: dict[str, str] = {}
        self._rows: list[tuple[str, str]] = []
        self.url = ""
        self.keyed: list[tuple[Errand, tuple[str, str, dict[str, Any]]]] = []
        self.done = 0

    async def prepare(self) -> None:
        """Makes the account and the purse of its transfers, and a row to change."""
        for table, name in (("accounts", "a"), ("purses", "p"), ("accounts", "r"), ("purses", "s")):
            await self.do(self._errand("create", self._named(name), table=table))
        assert len(self._ids) == 4, "what was created before anything went wrong is there"

    async def work(self, over: asyncio.Event, point: str, most: int) -> None:
        """Does errands until it is over, or there were so many."""
        likes = next((kinds for begin, kinds in FAVOURED.items() if point.startswith(begin)), ())
        for _ in range(most):
            if over.is_set():
                return
            liked = likes and self._chance.random() < 0.5
            kind = self._chance.choice(
                likes if liked else (*KINDS, "keyed create", "keyed transfer")
            )
            await self.do(self._drawn(kind))

    async def do(self, errand: Errand) -> None:
        """One errand, noted on both sides of it."""
        self._ledger.write(Entry(errand, "sent"))
        entry = await self._asked(errand, self._request(errand), "done")
        self._ledger.write(entry)
        if entry.word != "done":
            return
        self.done += errand.kind not in {"look", "stale"}
        if errand.kind == "create":
            self._ids[errand.name] = entry.answer["id"]
            self._rows.append((errand.table, errand.name))

    async def fill(self, length: int) -> Entry:
        """Creates one that takes so much room; what became of it."""
        note = f"{self._chance.getrandbits(4 * length):0{length}x}"  # which no database compresses
        await self.do(self._errand("create", self._named(f"n{self._count}"), note=note))
        return self._ledger.read()[-1]

    async def look(self) -> bool:
        """Reads the first row that was made; whether it could be."""
        table, name = self._rows[0]
        await self.do(self._errand("look", name, table=table))
        return self._ledger.read()[-1].word == "done"

    async def again(self) -> None:
        """Asks once more for everything it had a key for."""
        for errand, request in self.keyed:
            self._ledger.write(await self._asked(errand, request, "again"))

    def close(self) -> None:
        if self._channel is not None:
            self._channel.close()

    # Errands.

    def _named(self, name: str) -> str:
        return f"{name}-{self._number}"

    def _errand(self, kind: str, name: str, **more: Any) -> Errand:
        self._count += 1
        return Errand(number=self._count, client=self._number, kind=kind, name=name, **more)

    def _drawn(self, kind: str) -> Errand:
        key = f"{self._number}-{self._count}" if kind.startswith("keyed") else ""
        kind = kind.removeprefix("keyed ")
        fresh, note = self._named(f"n{self._count}"), f"note {self._count}"
        if kind == "create":
            table = self._chance.choice(("accounts", "purses"))
            return self._errand(kind, fresh, table=table, key=key)
        if kind == "file":
            digest = hashlib.sha256(PDF.format(fresh).encode()).hexdigest()
            return self._errand(kind, fresh, table="deeds", digest=digest)
        if kind == "transfer":
            a, p, amount = self._named("a"), self._named("p"), self._chance.randint(1, 9)
            return self._errand(kind, a, other=p, amount=amount, key=key)
        if kind == "delete" and len(self._rows) > 4:
            at = self._chance.randrange(4, len(self._rows))
            table, name = self._rows.pop(at)
            return self._errand(kind, name, table=table)
        if kind == "delete":
            kind = "change"
        table, name = self._chance.choice(self._rows)
        return self._errand(kind, name, table=table, note=note)

    def _request(self, errand: Errand) -> tuple[str, str, dict[str, Any] | None]:
        row = f"/bank/v1/{errand.table}/{self._ids.get(errand.name, '')}"
        match errand.kind:
            case "create":
                made = (
                    "POST",
                    f"/bank/v1/{errand.table}",
                    {"name": errand.name, "note": errand.note},
                )
            case "file":
                made = "POST", "/bank/deed", None
            case "transfer":
                purse = self._ids[errand.other]
                body = {"account": self._ids[errand.name], "purse": purse, "amount": errand.amount}
                made = "POST", "/bank/v1/transfers", body
            case "change":
                made = "PATCH", row, {"note": errand.note}
            case "stale":
                made = "PATCH", f"{row}?revision=999999", {"note": errand.note}
            case "delete":
                made = "DELETE", row, None
            case _:
                made = "GET", row, None
        if errand.key:
            self.keyed.append((errand, made))
        return made

    # The wire.

    async def _asked(self, errand: Errand, request: Any, word: str) -> Entry:
        try:
            status, body = await self._exchange(errand, *request)
        except ConnectionFailed:
            self._channel = None
            return Entry(errand, "unknown" if word == "done" else word)
        answer = json.loads(body) if body and errand.kind != "file" else None
        if word == "again" or status < 300:
            return Entry(errand, word, status, answer)
        unknown = status >= 500 or (errand.key and status == 409)
        if status == 503 and answer and "nothing of this was kept" in answer["detail"]:
            unknown = False  # it is taken at its word
        return Entry(errand, "unknown" if unknown else "refused", status, answer)

    async def _exchange(
        self, errand: Errand, verb: str, path: str, body: dict[str, Any] | None
    ) -> tuple[int, bytes]:
        if self._channel is None or self._channel.closed:
            self._channel = await connect(Address(self.url))
        content, kind = json.dumps(body).encode() if body else b"", "application/json"
        if errand.kind == "file":
            content, kind = _form(errand.name), FORM
        head = f"{verb} {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {len(content)}\r\n"
        head += f"content-type: {kind}\r\n" if content else ""
        head += f"idempotency-key: {errand.key}\r\n" if errand.key else ""
        status, _, answer = await self._channel.exchange(f"{head}\r\n".encode() + content)
        return status, answer


def _form(name: str) -> bytes:
    said = f'--x\r\ncontent-disposition: form-data; name="name"\r\n\r\n{name}\r\n'
    said += '--x\r\ncontent-disposition: form-data; name="scan"; filename="d.pdf"\r\n\r\n'
    return f"{said}{PDF.format(name)}\r\n--x--\r\n".encode()
