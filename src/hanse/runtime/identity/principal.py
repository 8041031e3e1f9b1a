"""Who calls."""

from __future__ import annotations

from typing import Literal

import msgspec

PrincipalKind = Literal["visitor", "member", "staff", "app", "service"]


class Principal(msgspec.Struct, frozen=True, omit_defaults=True):
    """Who calls, as far as it is proven. Travels with every call.

    Attributes:
        kind: visitor (nobody known), member (a site's customer), staff (a site's people), app
            (somebody else's program), service (one of ours, acting for itself).
        id: Stable within the issuer, e.g. the token's `sub`; empty for a visitor.
        permissions: Permission names granted, e.g. `crm.contacts.read`.
    """

    kind: PrincipalKind = "visitor"
    id: str = ""
    permissions: frozenset[str] = frozenset()


VISITOR = Principal()
