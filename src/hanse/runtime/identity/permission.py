"""Who may call a method: what `@rpc(allow=…)` takes."""

from __future__ import annotations

import re
from typing import get_args

import msgspec

from hanse.runtime.errors import PermissionDenied, Unauthenticated
from hanse.runtime.identity.principal import Principal, PrincipalKind

_NAME = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
_NAME_LENGTH_MAX = 100
_ALL_KINDS: frozenset[PrincipalKind] = frozenset(get_args(PrincipalKind))
_SIGNED_IN_KINDS = _ALL_KINDS - {"visitor"}


class Rule(msgspec.Struct, frozen=True):
    """Who may call: anybody of one of `kinds`, anybody signed in with one of `permissions`.

    The empty rule allows nobody, which is what a method without a rule gets. Rules are made by
    `PUBLIC`, `SIGNED_IN`, `kind` and `permission`, and combined with `|`.

    Attributes:
        kinds: Kinds of principal that may call, whatever they hold.
        permissions: Permission names of which one suffices; a visitor's never count.
    """

    kinds: frozenset[PrincipalKind] = frozenset()
    permissions: frozenset[str] = frozenset()

    def allows(self, principal: Principal) -> bool:
        """Whether `principal` may call."""
        if principal.kind in self.kinds:
            return True
        return principal.kind != "visitor" and not self.permissions.isdisjoint(
            principal.permissions
        )

    def check(self, principal: Principal) -> None:
        """Does nothing if `principal` may call.

        Raises:
            Unauthenticated: A visitor, and signing in could help.
            PermissionDenied: A known caller; the sentence names what it would take, which gives
                nothing away: the same words stand in the published description.
        """
        if self.allows(principal):
            return
        if not self.kinds and not self.permissions:
            raise PermissionDenied(detail="Nobody may call this method: it declares no rule.")
        if principal.kind == "visitor":
            raise Unauthenticated(detail=f"Sign in to call this method. It is open to: {self}.")
        raise PermissionDenied(
            detail=f"This method is open to: {self}. You call as {principal.kind}."
        )

    def __or__(self, other: Rule) -> Rule:
        """A rule that allows whom either allows."""
        kinds = self.kinds | other.kinds
        # Where everybody signed in may call already, permissions decide nothing: dropping them
        # keeps rules that mean the same equal, and their text stable.
        decided = kinds >= _SIGNED_IN_KINDS
        return Rule(kinds, frozenset() if decided else self.permissions | other.permissions)

    def __str__(self) -> str:
        """Stable text for descriptions: `kind:staff | crm.contacts.read`, or `nobody` if empty."""
        if self.kinds >= _ALL_KINDS:
            return "public"
        if self.kinds >= _SIGNED_IN_KINDS:
            return "signed_in"
        kinds = (f"kind:{name}" for name in sorted(self.kinds))
        return " | ".join((*kinds, *sorted(self.permissions))) or "nobody"


PUBLIC = Rule(_ALL_KINDS)
"""Anybody, visitors too."""

SIGNED_IN = Rule(_SIGNED_IN_KINDS)
"""Anybody but a visitor."""


def kind(*kinds: PrincipalKind) -> Rule:
    """Principals of these kinds, e.g. `kind("staff", "service")`.

    Raises:
        ValueError: No kind, an unknown one, or `visitor`, for whom `PUBLIC` is the word.
    """
    wrong = [name for name in kinds if name not in _SIGNED_IN_KINDS]
    if wrong or not kinds:
        given = ", ".join(map(repr, wrong)) or "none"
        allowed = ", ".join(sorted(_SIGNED_IN_KINDS))
        raise ValueError(f"kind() takes some of {allowed}; got {given}. For visitors say PUBLIC.")
    return Rule(frozenset(kinds))


def permission(name: str) -> Rule:
    """Whoever is signed in and holds the permission `name`, e.g. `crm.contacts.read`.

    Raises:
        ValueError: The name is not made of two or more lower-case words joined with dots.
    """
    if not _NAME.fullmatch(name) or len(name) > _NAME_LENGTH_MAX:
        raise ValueError(
            f"A permission is named by lower-case words joined with dots, at most "
            f"{_NAME_LENGTH_MAX} characters, like crm.contacts.read; got {name!r}."
        )
    return Rule(permissions=frozenset((name,)))
