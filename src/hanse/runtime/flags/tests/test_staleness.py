"""What is stale: past its last day, one value for all for long, or ruled and nowhere declared."""

from datetime import UTC, date, datetime

import pytest
from msgspec.structs import replace

from hanse.runtime.flags.changes import Ruled
from hanse.runtime.flags.ruling import Audience, Rule, Ruling, Share
from hanse.runtime.flags.staleness import why_stale
from hanse.runtime.flags.tests.till import LAST_DAY, Checkout

TAX = Checkout.__declared__["new_tax"]
STAYS = replace(TAX, until=None)
MAY = datetime(2026, 5, 1, 12, tzinfo=UTC)
ALL, STAFF = Rule(value=True), Audience(kinds=("staff",))
SETTLED = "all have had one value since 2026-05-01"


@pytest.mark.parametrize(
    ("declared", "ruling", "today", "why"),
    [
        (TAX, None, LAST_DAY, []),
        (TAX, None, date(2026, 7, 1), ["its last day was 2026-06-30"]),
        (STAYS, None, date(2099, 1, 1), []),
        (TAX, Ruling((ALL,)), date(2026, 5, 30), []),
        (TAX, Ruling((ALL,)), date(2026, 5, 31), [SETTLED]),
        (TAX, Ruling((Rule(shares=(Share(100, True),)),)), date(2026, 5, 31), [SETTLED]),
        (TAX, Ruling(off=True), date(2026, 5, 31), [SETTLED]),
        (TAX, Ruling((Rule(shares=(Share(99, True),)),)), date(2026, 5, 31), []),
        (TAX, Ruling((Rule(STAFF, False), ALL)), date(2026, 5, 31), []),
        (TAX, Ruling(()), date(2026, 5, 31), []),
        (STAYS, Ruling((ALL,)), date(2099, 1, 1), []),
        (None, Ruling((ALL,)), LAST_DAY, ["it is ruled, and no code here declares it"]),
        (None, Ruling(off=True), LAST_DAY, []),
        (TAX, Ruling((ALL,)), date(2026, 7, 1), ["its last day was 2026-06-30", SETTLED]),
    ],
)
def test_why(declared, ruling, today, why) -> None:
    assert list(why_stale(declared, ruling and Ruled(ruling, MAY), today)) == why
