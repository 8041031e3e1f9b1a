"""How rulings are changed: pure functions from one to the next."""

from __future__ import annotations

from typing import Literal

from msgspec import UNSET
from msgspec.structs import replace

from hanse.runtime.errors import InvalidArgument
from hanse.runtime.flags.ruling import PERCENT, Audience, Rule, Ruling, Share, bounds

EVERYBODY = Audience()


def with_rule(ruling: Ruling, rule: Rule) -> Ruling:
    """With one rule more: where one of that audience was, else before all others.

    One for everybody is the last, as nothing behind it would be looked at.
    """
    rules = list(ruling.rules)
    places = [at for at, one in enumerate(rules) if one.audience == rule.audience]
    if places:
        rules[places[0]] = rule
        rules = [one for at, one in enumerate(rules) if at not in places[1:]]
    elif rule.audience == EVERYBODY:
        rules.append(rule)
    else:
        rules.insert(0, rule)
    return replace(ruling, rules=tuple(rules), off=False)


def with_share(
    ruling: Ruling, audience: Audience, share: Share, by: Literal["principal", "site"]
) -> Ruling:
    """With a share that is as large as that, of the lots of an audience; others stay."""
    known = next((one for one in ruling.rules if one.audience == audience), Rule(audience))
    shares = list(known.shares)
    places = [at for at, one in enumerate(shares) if one.value == share.value]
    if places:
        shares[places[0]] = share
    else:
        shares.append(share)
    return with_rule(ruling, Rule(audience, shares=tuple(shares), by=by))


def tried(
    ruling: Ruling, audience: Audience, share: Share, by: Literal["principal", "site"]
) -> tuple[Ruling, object]:
    """With a share of an audience that has another value than it has; the others keep theirs.

    Returns:
        The ruling, and the value of the others; UNSET where that is what comes after.

    Raises:
        InvalidArgument: They all have that value, or draw lots for others.
    """
    known = next((one for one in ruling.rules if one.audience == audience), Rule(audience))
    before: object = known.value
    if before == share.value:
        raise InvalidArgument("All of them have that value already.")
    if any(one.value != share.value for one in known.shares):
        raise InvalidArgument(
            "They draw lots for other values. Give all of them one first: hanse flag set"
        )
    if any(one.percent > share.percent for one in known.shares):
        raise InvalidArgument(f"More than {share.percent:g} % have that value already.")
    rest = () if before is UNSET else (Share(PERCENT - share.percent, before),)
    rule = Rule(audience, shares=(share, *rest), by=known.by if known.shares else by)
    return followed(ruling, with_rule(ruling, rule)), before


def without_rule(ruling: Ruling, audience: Audience) -> Ruling:
    """Without the rules of an audience."""
    rules = tuple(one for one in ruling.rules if one.audience != audience)
    return replace(ruling, rules=rules)


def switched_off(ruling: Ruling) -> Ruling:
    """Without any rule: the default of the code, for everybody."""
    return replace(ruling, rules=(), off=True)


def drawn_anew(ruling: Ruling) -> Ruling:
    """With lots that have nothing to do with those before."""
    return replace(ruling, round=ruling.round + 1, narrowed=False)


def followed(before: Ruling, after: Ruling) -> Ruling:
    """A ruling that comes after another: it says whether anybody of the round lost a lot by it."""
    if after.round != before.round:
        return replace(after, narrowed=False)
    narrowed = before.narrowed or _narrows(_lots(before), _lots(after))
    return replace(after, narrowed=narrowed)


def _lots(ruling: Ruling) -> list[Rule]:
    return [rule for rule in ruling.rules if rule.shares]


def _narrows(before: list[Rule], after: list[Rule]) -> bool:
    """Whether anybody who drew a value might now draw another, or none."""
    if len(after) < len(before):
        return True
    return any(
        (old.audience, old.by) != (new.audience, new.by) or not _contains(new.shares, old.shares)
        for old, new in zip(before, after, strict=False)
    )


def _contains(new: tuple[Share, ...], old: tuple[Share, ...]) -> bool:
    """Whether each lot that had a value has it still."""
    ends, begin = bounds(new), 0
    for share, end in zip(old, bounds(old), strict=True):
        if end > begin and not _covered(new, ends, share, (begin, end)):
            return False
        begin = end
    return True


def _covered(
    shares: tuple[Share, ...], ends: list[int], wanted: Share, lots: tuple[int, int]
) -> bool:
    begin = 0
    for share, end in zip(shares, ends, strict=True):
        if share.value == wanted.value and begin <= lots[0] and lots[1] <= end:
            return True
        begin = end
    return False
