"""The world outside, a process that nobody kills: takes payments and mail, and notes each that comes: `… outside LEDGER`."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import NamedTuple, Self

from hanse import Unavailable
from hanse.kit.fetch import fetch
from hanse.kit.http import ConnectionFailed
from hanse.runtime.call.context import current

ROOT = Path(__file__).parents[3]


class Done(NamedTuple):
    """Something that was asked for outside: `pay`, `mail` or `taste`, under which key, for what."""

    what: str
    key: str
    number: str


class Outside:
    """Where it is, for hosts. It is told of the site, too: what one run left undone the next may do.

    Args:
        pay_port: Of payments, over HTTP.
        mail_port: Of mail, over SMTP.
    """

    def __init__(self, pay_port: int, mail_port: int) -> None:
        self._pay_port, self._mail_port = pay_port, mail_port

    async def pay(self, key: str, number: str) -> str:
        """Pays, once a key; the number of the payment, which is the same each time."""
        return await self._asked("pay", key, number)

    async def taste(self, number: str) -> int:
        """How often it was tasted by now."""
        return int(await self._asked("taste", "-", number))

    async def mail(self, key: str, number: str) -> None:
        """Sends a letter whose id is the key, as a mail server may know by which it has it."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self._mail_port)
        try:
            await _answer(reader, b"220")
            for line in ("EHLO shop", "MAIL FROM:<shop@x>", f"RCPT TO:<{_here(number)}@x>"):
                writer.write(f"{line}\r\n".encode())
                await _answer(reader, b"250")
            writer.write(b"DATA\r\n")
            await _answer(reader, b"354")
            letter = f"Message-ID: <{key}@shop>\r\nTo: {number}@x\r\n\r\nThank you.\r\n.\r\n"
            writer.write(letter.encode())
            await _answer(reader, b"250")
        finally:
            writer.close()

    async def _asked(self, what: str, key: str, number: str) -> str:
        url = f"http://127.0.0.1:{self._pay_port}/{what}/{_here(number)}"
        try:
            status, _, body = await fetch(url, verb="POST", headers={"idempotency-key": key})
        except ConnectionFailed as error:
            # Who stood still for as long as one waits wakes and finds that nobody answered in time.
            raise Unavailable("The world outside did not answer.") from error
        if status != 200:
            raise OSError(f"the world outside says {status}")
        return body.decode()


def _here(number: str) -> str:
    return f"{current().site}/{number}"


async def _answer(reader: asyncio.StreamReader, code: bytes) -> None:
    said = await reader.readline()
    if not said.startswith(code):
        raise OSError(f"mail is answered {said!r}")


class World:
    """It, seen by whoever begins it: a process, and its ledger.

    Args:
        ledger: Where it notes what was asked.
    """

    def __init__(self, ledger: Path) -> None:
        self._ledger = ledger

    async def __aenter__(self) -> Self:
        pipe = asyncio.subprocess.PIPE
        command = (sys.executable, "-m", "tests.faults.deals.outside", str(self._ledger))
        self._process = await asyncio.create_subprocess_exec(
            *command, stdin=pipe, stdout=pipe, cwd=ROOT
        )
        assert self._process.stdout is not None
        self.ports: tuple[int, int] = tuple(json.loads(await self._process.stdout.readline()))
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    def done(self, site: str) -> list[Done]:
        """All that was asked for a site; a line that is not whole is of what nobody was answered."""
        found = [Done(*line.split()) for line in self._ledger.read_text().split("\n")[:-1]]
        own = [(one, one.number.partition("/")) for one in found]
        return [one._replace(number=number) for one, (of, _, number) in own if of == site]

    def forget(self) -> None:
        """Begins a new page."""
        os.truncate(self._ledger, 0)


class Desk:
    """Its inside.

    Args:
        ledger: As above.
    """

    def __init__(self, ledger: Path) -> None:
        self._file = os.open(ledger, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        self._tasted: Counter[str] = Counter()

    def note(self, *done: str) -> None:
        os.write(self._file, f"{' '.join(done)}\n".encode())

    async def pay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One request, one answer."""
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        what, number = head[0].split()[1][1:].split("/", 1)
        key = next(one.partition(": ")[2] for one in head if one.startswith("idempotency-key"))
        self.note(what, key, number)
        self._tasted[number] += what == "taste"
        payment = hashlib.sha256(key.encode()).hexdigest()[:12]
        answer = payment if what == "pay" else str(self._tasted[number])
        writer.write(f"HTTP/1.1 200 OK\r\ncontent-length: {len(answer)}\r\n\r\n{answer}".encode())
        writer.close()

    async def mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One letter, which is noted before it is taken."""
        writer.write(b"220 here\r\n")
        number = key = ""
        while line := (await reader.readline()).decode().strip():
            if line.startswith("RCPT"):
                number = line.partition("<")[2].partition("@")[0]
            if line == "DATA":
                writer.write(b"354 go on\r\n")
                letter = (await reader.readuntil(b"\r\n.\r\n")).decode()
                key = letter.partition("<")[2].partition("@")[0]
                self.note("mail", key, number)
            writer.write(b"250 well\r\n")
        writer.close()


async def main(ledger: str) -> None:
    desk, ports = Desk(Path(ledger)), []
    for answers in (desk.pay, desk.mail):
        server = await asyncio.start_server(_patient(answers), "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
    print(json.dumps(ports), flush=True)
    await asyncio.to_thread(sys.stdin.read)  # until whoever began it is gone


def _patient(answers):
    """Whoever asks may be killed in the middle of it."""

    async def answer(reader, writer):
        try:
            await answers(reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    return answer


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
