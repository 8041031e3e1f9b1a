"""A rule, and what is told where a release breaks it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable


class Rule(msgspec.Struct, frozen=True):
    """Something that no release may do to others.

    Attributes:
        id: Stable, for programs and for exceptions that are written down.
        what: What it is about, a sentence.
        remedy: How to come to the same end without breaking anybody.
    """

    id: str
    what: str
    remedy: str


class Hit(NamedTuple):
    """A place where a rule is broken, before it is known for whom.

    Attributes:
        rule: Which.
        place: As `shop.v1.Orders/place request note`.
        says: What has changed there, and what becomes of it.
    """

    rule: Rule
    place: str
    says: str


class Finding(msgspec.Struct, frozen=True):
    """What a release breaks at one place.

    Attributes:
        rule: Id of the rule.
        place: Where.
        says: What has changed, and what becomes of it.
        breaks: Whom: services that call or read it, by name, and clients outside.
        remedy: How to come to the same end without breaking anybody.
    """

    rule: str
    place: str
    says: str
    breaks: tuple[str, ...]
    remedy: str


def gathered(found: Iterable[tuple[Hit, str]]) -> tuple[Finding, ...]:
    """One finding for each rule and place, with all whom it breaks; sorted by place.

    Args:
        found: Hits, each with one whom it breaks.
    """
    whom: dict[tuple[str, str], set[str]] = {}
    first: dict[tuple[str, str], Hit] = {}
    for hit, name in found:
        key = hit.place.rstrip(), hit.rule.id
        whom.setdefault(key, set()).add(name)
        first.setdefault(key, hit)
    return tuple(
        Finding(hit.rule.id, key[0], hit.says, tuple(sorted(whom[key])), hit.rule.remedy)
        for key, hit in sorted(first.items())
    )
