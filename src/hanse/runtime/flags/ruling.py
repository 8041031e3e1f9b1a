"""What operators ruled of a flag: plain data, checked before it is kept and when it is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec
from msgspec import UNSET

from hanse.runtime.errors import InvalidArgument, Violation
from hanse.runtime.identity.principal import PrincipalKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.flags.declaration import Declaration

RULES_MAX = 50
SHARES_MAX = 10
NAMED_MAX = 1000
TEXT_MAX = 200
BYTES_MAX = 64 * 1024
POINTS = 100_000
"""Lots there are; a thousandth of a percent is one."""

PERCENT = 100.0


class Strictly(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A rule of a newer release may hold for fewer than what is known of it says."""


class Audience(Strictly, frozen=True):
    """For whom a rule is: each condition that is there has to hold, by one of what it names.

    Attributes:
        sites: Tenants.
        principals: Ids.
        kinds: Kinds of principal.
        permissions: What a principal holds; a visitor's never count.
        locales: Languages as the caller asked for; `de` is `de-AT`, too.
    """

    sites: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    kinds: tuple[PrincipalKind, ...] = ()
    permissions: tuple[str, ...] = ()
    locales: tuple[str, ...] = ()

    def __str__(self) -> str:
        """For people: `site acme, staff`; empty for everybody."""
        named = ("site", self.sites), ("", self.kinds), ("", self.principals)
        more = ("with", self.permissions), ("in", self.locales)
        said = [f"{word} {' or '.join(some)}".strip() for word, some in (*named, *more) if some]
        return ", ".join(said)


class Share(Strictly, frozen=True):
    """A part of all who draw lots.

    Attributes:
        percent: How large, of 100; a thousandth is the least.
        value: What they get.
    """

    percent: float
    value: Any


class Rule(Strictly, frozen=True):
    """For some, a value; or lots, by which some of them get one and the others what comes after.

    Attributes:
        audience: For whom.
        value: For all of them; unset where there are shares.
        shares: Who gets what, by lot.
        by: Whether each principal draws, or each site.
    """

    audience: Audience = Audience()
    value: Any = UNSET
    shares: tuple[Share, ...] = ()
    by: Literal["principal", "site"] = "principal"


class Ruling(Strictly, frozen=True):
    """All that was ruled of a flag. The first rule decides that has an answer; none: the default.

    Attributes:
        rules: In order.
        off: Whether the default of the code holds, for those as well who keep what they drew.
        round: Of lots; another one is drawn anew, and what was drawn before counts no more.
        narrowed: Whether a change took from anybody of this round what they had drawn, so that
            it has to be looked up.
    """

    rules: tuple[Rule, ...] = ()
    off: bool = False
    round: int = 0
    narrowed: bool = False


NOTHING = Ruling()
"""Of a flag that nobody ruled about."""


def bounds(shares: tuple[Share, ...]) -> list[int]:
    """Up to which lot, without it, each share goes; they lie one behind the other."""
    ends, percent = list[int](), 0.0
    for share in shares:
        percent += share.percent
        ends.append(round(percent / PERCENT * POINTS))
    return ends


def check(ruling: Ruling, declared: Declaration) -> None:
    """Does nothing if a flag can be ruled so.

    Raises:
        InvalidArgument: It cannot; with every field, the rule it breaks, and the way out.
    """
    found = tuple(_violations(ruling, declared))
    if found:
        said = " ".join(f"{one.field}: {one.message}" for one in found)
        raise InvalidArgument(f"{declared.name} cannot be ruled so. {said}", violations=found)


def _violations(ruling: Ruling, declared: Declaration) -> Iterator[Violation]:
    if len(ruling.rules) > RULES_MAX:
        yield _broken("rules", f"length <= {RULES_MAX}", "Join rules that give the same value.")
    if len(msgspec.json.encode(ruling)) > BYTES_MAX:
        yield _broken(
            "rules", f"bytes <= {BYTES_MAX}", "Target by site, kind or permission, not by ids."
        )
    for at, rule in enumerate(ruling.rules):
        yield from _of_rule(f"rules[{at}]", rule, declared)


def _of_rule(field: str, rule: Rule, declared: Declaration) -> Iterator[Violation]:
    if (rule.value is UNSET) == (not rule.shares):
        yield _broken(field, "value or shares", "Give one of the two.")
    if rule.value is not UNSET:
        yield from _of_value(f"{field}.value", rule.value, declared)
    if len(rule.shares) > SHARES_MAX:
        yield _broken(f"{field}.shares", f"length <= {SHARES_MAX}", "Give fewer of them.")
    for at, share in enumerate(rule.shares):
        yield from _of_value(f"{field}.shares[{at}].value", share.value, declared)
        if not 0 <= share.percent <= PERCENT:
            yield _broken(f"{field}.shares[{at}].percent", "0 <= percent <= 100", "Lower it.")
    if sum(share.percent for share in rule.shares) > PERCENT:
        yield _broken(f"{field}.shares", "sum of percent <= 100", "Lower one of them.")
    for name in Audience.__struct_fields__:
        named: tuple[str, ...] = getattr(rule.audience, name)
        if len(named) > NAMED_MAX or any(not 0 < len(one) <= TEXT_MAX for one in named):
            yield _broken(
                f"{field}.audience.{name}",
                f"length <= {NAMED_MAX}, each 1 to {TEXT_MAX} characters",
                "Name fewer, or a permission that they have in common.",
            )


def _of_value(field: str, value: object, declared: Declaration) -> Iterator[Violation]:
    try:
        declared.read(value)
    except (TypeError, ValueError) as error:
        yield Violation(field, declared.takes, f"{error}.")


def _broken(field: str, rule: str, remedy: str) -> Violation:
    return Violation(field, rule, f"Expected {rule}. {remedy}")
