"""What is written down of idempotency keys: who works under one, and what the answer was."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.kit.chance import RANDOM

if TYPE_CHECKING:
    from hanse.kit.clock import Clock
    from hanse.runtime.call.context import Call
    from hanse.runtime.data.database import Database

KEPT = timedelta(hours=48)
"""For so long an answer is given again; Stripe's own promise is 24 hours at least."""

SWEPT_AT_ONCE = 1000

# One statement, one round trip: it takes the key, or tells what became of it. A row that somebody
# else writes at this very moment is in neither half; then nothing comes back.
CLAIM = """
with mine as (
  insert into hanse.idempotency as had
    (site_id, principal, method, key, digest, token, create_time, lease_end)
  values ($1, $2, $3, $4, $5, $6, $7, clock_timestamp() + $8)
  on conflict (site_id, principal, method, key) do update
    set digest = excluded.digest, token = excluded.token, create_time = excluded.create_time,
        lease_end = excluded.lease_end, worked = false, failed = null, answer = null
    where had.create_time < $9
       or (had.failed is null and not had.worked and had.lease_end < clock_timestamp()
           and had.digest = excluded.digest)
  returning true
)
select true as mine, $5::bytea as digest, false as worked, false as over, null::boolean as failed,
       null::bytea as answer, null::timestamptz as lease_end
from mine
union all
select false, digest, worked, lease_end < clock_timestamp(), failed, answer, lease_end
from hanse.idempotency
where site_id = $1 and principal = $2 and method = $3 and key = $4
  and not exists (select from mine)
"""

ANSWER = """
update hanse.idempotency set failed = $6, answer = $7
where site_id = $1 and principal = $2 and method = $3 and key = $4 and token = $5
  and failed is null
"""

WORKED = """
update hanse.idempotency set worked = true
where site_id = $1 and principal = $2 and method = $3 and key = $4 and token = $5
  and failed is null
"""

RELEASE = """
delete from hanse.idempotency
where site_id = $1 and principal = $2 and method = $3 and key = $4 and token = $5
  and failed is null and not worked
"""

SWEEP = """
delete from hanse.idempotency where ctid = any(array(
  select ctid from hanse.idempotency where create_time < $1 limit $2))
"""


class Claim(NamedTuple):
    """A key that somebody works under.

    Attributes:
        site: The tenant.
        principal: Whose key it is: another's key of the same letters is another key.
        method: What it was sent to.
        key: As it was sent.
        token: Tells this work from an earlier one that was given up.
    """

    site: str
    principal: str
    method: str
    key: str
    token: bytes


class Found(msgspec.Struct, frozen=True):
    """What came of a claim.

    Attributes:
        mine: The key is new, or was given up: whoever asked goes on.
        digest: Of the request that came first.
        worked: That did a part of its work.
        over: And its time is up.
        failed: Whether its answer is an error; None while there is none.
        answer: The answer's JSON.
    """

    mine: bool
    digest: bytes
    worked: bool
    over: bool
    failed: bool | None
    answer: bytes | None


class Ledger:
    """Reads and writes them.

    Args:
        database: Where they are.
        clock: Business time; how long somebody works is the database's business.
    """

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def claim(self, call: Call, digest: bytes, seconds: float) -> tuple[Claim, Found | None]:
        """Takes the key of a call for so many seconds, or tells what became of it.

        Returns:
            The claim; and what was found, None if somebody takes the key at this moment.
        """
        assert call.keyed is not None
        origin = call.origin
        who = f"{origin.principal.kind}:{origin.principal.id}"
        claim = Claim(origin.site, who, call.name, call.keyed.key, RANDOM.randbytes(16))
        now = self._clock.now()
        row = await self._database.fetch_row(
            CLAIM, *claim[:4], digest, claim.token, now, timedelta(seconds=seconds), now - KEPT
        )
        return claim, None if row is None else Found(*(row[at] for at in range(6)))

    async def answer(self, claim: Claim, answer: bytes, *, failed: bool) -> bool:
        """Writes the answer down; whether the claim still holds."""
        return bool(await self._database.execute(ANSWER, *claim, failed, answer))

    async def worked(self, claim: Claim) -> bool:
        """Notes that a part of the work is about to be committed; whether the claim still holds."""
        return bool(await self._database.execute(WORKED, *claim))

    async def release(self, claim: Claim) -> None:
        """Gives the key back: nothing was done under it."""
        await self._database.execute(RELEASE, *claim)

    async def sweep(self) -> int:
        """Forgets some answers whose time is over, and tells how many."""
        return await self._database.execute(SWEEP, self._clock.now() - KEPT, SWEPT_AT_ONCE)


def digest_of(body: bytes) -> bytes:
    """What tells one request from another: its arguments as they were read, in one spelling."""
    return hashlib.sha256(body).digest()
