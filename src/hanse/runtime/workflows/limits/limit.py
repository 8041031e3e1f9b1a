"""`Limit`: how many instances that have a key in common are under way, and how often one begins."""

from __future__ import annotations

from datetime import timedelta
from operator import attrgetter
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from hanse.runtime.contract.immutable import is_struct, unwrapped

LANE_MAX = 200
"""Characters of a key."""

Count = Annotated[int, Meta(ge=0)]


class Limit(msgspec.Struct, frozen=True):
    """Who begins while there are enough waits in line, in the order of the starts.

        @workflow(version=1, limit=Limit(by="order.customer", running=2))

    Attributes:
        by: The argument whose value is the key, or a field of it as `order.customer`; empty if all
            instances of a site stand in one line.
        running: So many are under way at once, also those that sleep; 0 for any number.
        begins: So many begin within `period`; 0 for any number.
        period: By business time.
    """

    by: str = ""
    running: Count = 0
    begins: Count = 0
    period: timedelta | None = None

    def problem(self, request: type[msgspec.Struct]) -> str:
        """Why it is none for a workflow of these arguments; empty if it is one."""
        if not self.running and not self.begins:
            return "its limit is none: say running=… or begins=…, period=…"
        if bool(self.begins) != (self.period is not None):
            return "begins and period of its limit go together"
        kind: Any = request
        for name in self.by.split(".") if self.by else ():
            fields = msgspec.structs.fields(kind) if is_struct(kind) else ()
            kind = next((unwrapped(one.type) for one in fields if one.name == name), None)
            if kind is None:
                return f"its limit is by {self.by}, which is no argument or field of one"
        return ""

    def lane(self, site: str, request: Any) -> str:
        """What instances have in common that stand in one line."""
        value = str(attrgetter(self.by)(request)) if self.by else ""
        return f"{site} {value}".replace("\0", "")[: LANE_MAX + len(site)]
