"""What is written down of idempotency keys: who works under one, and what the answer was."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from hanse.kit.chance import RANDOM
from hanse.runtime.data.idempotency.key_seal import KeySeal

if TYPE_CHECKING:
    from hanse.kit.clock import Clock
    from hanse.runtime.call.context import Call
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.record import Record

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
        principal: Nobody: whose key it is follows from its name, and need not stand in clear.
        method: What it was sent to.
        key: Its name: another's key of the same letters has another.
        token: Tells this work from an earlier one that was given up.
        seal: What its answer is kept under.
    """

    site: str
    principal: str
    method: str
    key: str
    token: bytes
    seal: KeySeal


class Found(msgspec.Struct, frozen=True):
    """What came of a claim.

    Attributes:
        mine: The key is new, or was given up: whoever asked goes on.
        same: It was this request that came first.
        worked: That did a part of its work.
        over: And its time is up.
        failed: Whether its answer is an error; None while there is none.
        answer: The answer's JSON.
    """

    mine: bool
    same: bool
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

    async def claim(self, call: Call, body: bytes, seconds: float) -> tuple[Claim, Found | None]:
        """Takes the key of a call for so many seconds, or tells what became of it.

        Args:
            call: With its key.
            body: Its arguments, in one spelling.
            seconds: For how long.

        Returns:
            The claim; and what was found, None if somebody takes the key at this moment.
        """
        assert call.keyed is not None
        origin = call.origin
        who = f"{origin.principal.kind}:{origin.principal.id}"
        # From the same page something else may be sent, when people went back and changed it.
        own = hashlib.sha256(body).hexdigest() if call.keyed.of_form else ""
        key = f"{call.keyed.key} {own}".rstrip()
        seal = KeySeal(self._database.keys.ring, origin.site, who, call.name, key)
        claim = Claim(origin.site, "", call.name, seal.name, RANDOM.randbytes(16), seal)
        now, digest = self._clock.now(), seal.digest(body)
        row = await self._database.fetch_row(
            CLAIM, *claim[:4], digest, claim.token, now, timedelta(seconds=seconds), now - KEPT
        )
        return claim, None if row is None else _found(row, seal, digest)

    async def answer(self, claim: Claim, answer: bytes, *, failed: bool) -> bool:
        """Writes the answer down; whether the claim still holds."""
        sealed = claim.seal.seal(answer, failed=failed)
        return bool(await self._database.execute(ANSWER, *claim[:5], failed, sealed))

    async def worked(self, claim: Claim) -> bool:
        """Notes that a part of the work is about to be committed; whether the claim still holds."""
        return bool(await self._database.execute(WORKED, *claim[:5]))

    async def release(self, claim: Claim) -> bool:
        """Gives the key back; whether it was: it stays where a part of the work was done."""
        return bool(await self._database.execute(RELEASE, *claim[:5]))

    async def sweep(self) -> int:
        """Forgets some answers whose time is over, and tells how many."""
        return await self._database.execute(SWEEP, self._clock.now() - KEPT, SWEPT_AT_ONCE)


def _found(row: Record, seal: KeySeal, digest: bytes) -> Found:
    answer, failed = row["answer"], row["failed"]
    same = row["digest"] == digest
    if same and answer is not None:
        answer = seal.open(answer, failed=failed)
    return Found(row["mine"], same, row["worked"], row["over"], failed, answer)
