"""Fetches an issuer's public keys, follows their rotation, and survives the issuer's outages."""

from __future__ import annotations

import asyncio
import ipaddress
import re
from collections.abc import Awaitable, Callable
from math import inf
from urllib.parse import urlsplit

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.signing_key import SigningKey, pick_key, read_key_set
from hanse.runtime.credentials.strict_json import read_object
from hanse.runtime.errors import Unavailable

Fetch = Callable[[str], Awaitable[tuple[int, dict[str, str], bytes]]]
"""GETs a URL: status, headers, body. It must check certificates and must not follow redirects;
it should stop reading after `DOCUMENT_BYTES_MAX`."""

DOCUMENT_BYTES_MAX = 256 * 1024
FRESH_MIN = 60.0
FRESH_DEFAULT = 300.0
FRESH_MAX = 86_400.0
STALE_MAX = 86_400.0
"""Seconds that keys outlive their freshness while the issuer cannot be reached."""
FETCH_PAUSE = 30.0
"""Seconds between two fetches at least, whatever key ids tokens name."""
FIRST_FETCH_PAUSE = 5.0
"""The same as long as there are no keys at all: two hosts that start together find each other."""
FETCH_TIMEOUT = 10.0
STALE_WAIT = 1.0
"""Seconds a caller whose key is at hand, but stale, waits for a fetch before it is used anyway."""

_MAX_AGE = re.compile(r"(?:^|[,\s])max-age\s*=\s*\"?(\d{1,9})", re.IGNORECASE)


class KeySet:
    """The keys behind one `jwks_uri`.

    There is one fetch at a time, however many callers wait; it is a task of its own, because a
    fetch that ended with the caller that happened to come first would let whoever hangs up early
    either starve the others or, if each of them began anew, hammer the issuer.
    """

    def __init__(self, url: str, fetch: Fetch, clock: Callable[[], float]) -> None:
        """Fetches nothing yet.

        Raises:
            ConfigurationError: The URL is neither https nor on this machine.
        """
        if not _may_be_fetched(url):
            raise ConfigurationError(
                f"Keys are fetched by https only (http on this machine's loopback); got {url!r}."
            )
        self._url = url
        self._fetch = fetch
        self._clock = clock
        self._keys: dict[str, SigningKey] = {}
        self._fresh_until = -inf
        self._fetched_at = -inf
        self._running: asyncio.Task[None] | None = None
        self._fetches = 0
        self._failure = ""

    async def find(self, key_id: str | None, algorithm: str) -> SigningKey | None:
        """The key `key_id`; without an id the only one that is fit for `algorithm`.

        Raises:
            Unavailable: There are no keys, because the issuer could not be reached.
        """
        key = self._at_hand(key_id, algorithm)
        if key is None or self._clock() >= self._fresh_until:
            self._start_fetch()
            if self._running is not None:
                # wait() neither cancels the fetch with its caller nor after the timeout.
                await asyncio.wait({self._running}, timeout=STALE_WAIT if key else FETCH_TIMEOUT)
            key = self._at_hand(key_id, algorithm)
        if not self._usable():
            raise Unavailable(
                detail="The token cannot be checked now: its issuer's keys are out of reach."
            )
        return key

    async def close(self) -> None:
        """Ends a running fetch."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait({self._running})

    def statistics(self) -> dict[str, int | str]:
        """Keys held, fetches begun, and why the last one failed (empty if it did not)."""
        return {"keys": len(self._keys), "fetches": self._fetches, "failure": self._failure}

    def _usable(self) -> bool:
        return self._clock() < self._fresh_until + STALE_MAX

    def _at_hand(self, key_id: str | None, algorithm: str) -> SigningKey | None:
        return pick_key(self._keys, key_id, algorithm) if self._usable() else None

    def _start_fetch(self) -> None:
        if self._running is not None:
            return
        pause = FETCH_PAUSE if self._usable() else FIRST_FETCH_PAUSE
        if self._clock() - self._fetched_at < pause:
            return
        self._fetched_at = self._clock()
        self._fetches += 1
        self._running = asyncio.create_task(self._refresh(), name=f"fetch keys {self._url}")
        self._running.add_done_callback(self._ended)

    def _ended(self, _: asyncio.Task[None]) -> None:
        self._running = None

    async def _refresh(self) -> None:
        try:
            async with asyncio.timeout(FETCH_TIMEOUT):
                answer = await self._fetch(self._url)
            keys, fresh = _read_answer(*answer)
        except Exception as error:  # noqa: BLE001 (whatever fails in it, the keys at hand serve on)
            self._failure = f"{type(error).__name__}: {error}"
            return
        self._keys = keys
        self._fresh_until = self._clock() + fresh
        self._failure = ""


def _read_answer(
    status: int, headers: dict[str, str], body: bytes
) -> tuple[dict[str, SigningKey], float]:
    """Keys, and seconds they are fresh."""
    if status != 200:
        raise ValueError(f"status {status}")
    if len(body) > DOCUMENT_BYTES_MAX:
        raise ValueError(f"more than {DOCUMENT_BYTES_MAX} bytes")
    keys, _ = read_key_set(read_object(body))
    return keys, _freshness(headers)


def _freshness(headers: dict[str, str]) -> float:
    """Seconds an answer stays fresh (RFC 9111 `max-age`), held between a minute and a day."""
    control = next((v for k, v in headers.items() if k.lower() == "cache-control"), "")
    found = _MAX_AGE.search(control)
    age = float(found[1]) if found else FRESH_DEFAULT
    return min(max(age, FRESH_MIN), FRESH_MAX)


def _may_be_fetched(url: str) -> bool:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        if parts.username is not None or not host:
            return False
        if parts.scheme == "https":
            return True
        return parts.scheme == "http" and (
            host == "localhost" or ipaddress.ip_address(host).is_loopback
        )
    except ValueError:
        return False
