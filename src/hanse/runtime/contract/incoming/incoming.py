"""`Incoming`: a request as it came, for methods that have to see its very bytes."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from hanse.runtime.contract.immutable import unwrapped


class Incoming(msgspec.Struct, frozen=True):
    """What somebody sent who writes in a form of their own: a method's `body`, as it came.

        @rpc("POST /billing/v1/hooks/bank", allow=PUBLIC, body="incoming")
        async def bank(self, incoming: Incoming) -> None: ...

    Attributes:
        body: All bytes.
        headers: By lower-case name; repeated ones joined with `, `. Never `authorization` and
            `cookie`, which are no method's business.
    """

    body: bytes
    headers: Mapping[str, str] = {}

    def header(self, name: str) -> str:
        """One header, by its lower-case name; empty if it did not come."""
        return self.headers.get(name, "")


def is_as_it_came(struct: type[msgspec.Struct], body: str) -> bool:
    """Whether the argument of that name is a request as it came."""
    fields = msgspec.structs.fields(struct)
    return any(unwrapped(one.type) is Incoming for one in fields if one.name == body)
