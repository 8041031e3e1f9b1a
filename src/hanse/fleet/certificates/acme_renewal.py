"""Certificates by ACME for a project's domains: when one is due, when it is tried, what is kept."""

from __future__ import annotations

import asyncio
import logging
import threading
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from hanse.fleet.certificates.pair import CertificateError, Pair, from_bytes, to_bytes
from hanse.fleet.state import StateError, write_whole
from hanse.kit.clock import wait_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from hanse.fleet.gateway.picture import Certificate
    from hanse.kit.clock import Clock

log = logging.getLogger("hanse.control")

FIRST_WAIT = timedelta(minutes=15)
LONGEST_WAIT = timedelta(hours=12)
"""Let's Encrypt takes five failed proofs an hour; these waits keep far below."""

AFTER_SUCCESS = timedelta(hours=1)
"""Whatever is wrong with a new certificate, another one is not fetched before."""

LOOK_SECONDS = 60.0
SHOW_SECONDS = 30.0


class Attempt(msgspec.Struct, frozen=True):
    """What came of the last order for a domain.

    Attributes:
        again: No order before that moment.
        failures: In a row.
        says: Why it failed; empty for success.
    """

    again: datetime
    failures: int = 0
    says: str = ""


class AcmeWish(msgspec.Struct, frozen=True):
    """What is wanted.

    Attributes:
        directory: URL of the server's directory.
        email: Where the server writes to.
        domains: One certificate each.
        roots: File of authorities to believe the server by; empty for the usual ones.
    """

    directory: str
    email: str
    domains: tuple[str, ...]
    roots: str = ""


class AcmeRenewal:
    """Keeps certificates of domains; what fails is tried again, ever more seldom.

    Args:
        folder: The state folder's `certificates`.
        wish: From whom, for what.
        clock: Tells what is due.
        tell: Brings `challenges` and `certificates` to the gateway; returns when they are there.

    Attributes:
        challenges: Answers to be shown, by token.
    """

    def __init__(
        self, folder: Path, wish: AcmeWish, *, clock: Clock, tell: Callable[[], Awaitable[object]]
    ) -> None:
        # A trial with a staging directory must not be taken for the real thing afterwards.
        self._folder = folder / f"acme-{sha256(wish.directory.encode()).hexdigest()[:12]}"
        self._wish = wish
        self._domains = domains = wish.domains
        self._clock = clock
        self._tell = tell
        self._pairs = {one: pair for one in domains if (pair := _read(self._file(one)))}
        self._pem = {one: pair.pem() for one, pair in self._pairs.items()}
        self._attempts = _read_attempts(self._attempts_file)
        self.challenges: dict[str, str] = {}

    def certificates(self) -> dict[str, Certificate]:
        """What there is, by domain; without those that have expired."""
        now = self._clock.now()
        return {one: self._pem[one] for one, pair in self._pairs.items() if now < pair.ends}

    def notes(self) -> tuple[str, ...]:
        """What goes wrong, in sentences."""
        return tuple(
            f"No certificate for {one} from {self._wish.directory}: {attempt.says}. Next try "
            f"after {attempt.again.astimezone(UTC):%d %B, %H:%M} UTC."
            for one in self._domains
            if (attempt := self._attempts.get(one)) is not None and attempt.failures
        )

    async def run(self) -> None:
        """Renews what is due, until it is cancelled."""
        never = asyncio.Event()
        while True:
            await self.renew()
            await wait_set(never, LOOK_SECONDS)

    async def renew(self) -> None:
        """Orders what is due and may be tried now, one after the other. Nothing is raised."""
        for domain in self._domains:
            if self._is_due(domain):
                await self._order(domain)

    def _is_due(self, domain: str) -> bool:
        now, attempt = self._clock.now(), self._attempts.get(domain)
        if attempt is not None and now < attempt.again <= now + LONGEST_WAIT:
            return False  # later than that is no wait of ours: the clock was set back
        pair = self._pairs.get(domain)
        return pair is None or pair.is_due(now)

    async def _order(self, domain: str) -> None:
        try:
            await self._take(domain)
        except Exception as error:  # noqa: BLE001  whatever it is, it is said and tried again
            self._failed(domain, str(error).rstrip(".") or type(error).__name__)
        finally:
            self.challenges.clear()

    async def _take(self, domain: str) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        pair = await self._ordered(domain)
        if not pair.covers(domain):
            raise CertificateError(f"the server sent one for {', '.join(pair.names)}")
        write_whole(self._file(domain), to_bytes(pair))
        self._pairs[domain], self._pem[domain] = pair, pair.pem()
        self._keep(domain, Attempt(self._clock.now() + AFTER_SUCCESS))
        log.info("There is a new certificate for %s.", domain)
        self.challenges.clear()
        await self._tell()

    async def _ordered(self, domain: str) -> Pair:
        # Brings an HTTP client of its own: who needs no certificate does without.
        from hanse.fleet.certificates.acme_client import AcmeClient

        wish, account = self._wish, self._folder / "account.key"
        client = AcmeClient(account, wish.directory, wish.email, wish.roots)
        loop = asyncio.get_running_loop()

        def show(token: str, answer: str) -> None:
            told = asyncio.run_coroutine_threadsafe(self._show(token, answer), loop)
            told.result(SHOW_SECONDS)

        return await in_thread(lambda: client.order(domain, show))

    async def _show(self, token: str, answer: str) -> None:
        self.challenges[token] = answer
        await self._tell()

    def _failed(self, domain: str, says: str) -> None:
        before = self._attempts.get(domain)
        failures = (before.failures if before else 0) + 1
        wait = min(FIRST_WAIT * 2 ** min(failures - 1, 10), LONGEST_WAIT)
        log.warning("No certificate for %s: %s", domain, says)
        self._keep(domain, Attempt(self._clock.now() + wait, failures, says))

    def _keep(self, domain: str, attempt: Attempt) -> None:
        self._attempts = {
            one: kept for one, kept in self._attempts.items() if one in self._domains
        } | {domain: attempt}
        try:
            write_whole(self._attempts_file, msgspec.json.encode(self._attempts))
        except StateError as error:
            log.warning("%s", error)

    def _file(self, domain: str) -> Path:
        return self._folder / f"{domain}.pem"

    @property
    def _attempts_file(self) -> Path:
        return self._folder / "attempts.json"


async def in_thread(work: Callable[[], Pair]) -> Pair:
    """Runs what blocks, in a thread that keeps no process from ending."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[Pair] = loop.create_future()

    def settle(settled: Callable[[Any], None], outcome: object) -> None:
        if not done.done():
            settled(outcome)

    def run() -> None:
        settled, outcome = done.set_result, None
        try:
            outcome = work()
        except BaseException as error:  # noqa: BLE001  whoever awaits it gets it
            settled, outcome = done.set_exception, error
        if not loop.is_closed():
            loop.call_soon_threadsafe(settle, settled, outcome)

    threading.Thread(target=run, name="acme", daemon=True).start()
    return await done


def _read(path: Path) -> Pair | None:
    try:
        return from_bytes(path.read_bytes(), str(path))
    except (OSError, CertificateError):
        return None


def _read_attempts(path: Path) -> dict[str, Attempt]:
    try:
        return msgspec.json.decode(path.read_bytes(), type=dict[str, Attempt])
    except (OSError, msgspec.MsgspecError):
        return {}
