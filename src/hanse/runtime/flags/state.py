"""One flag in memory: what follows from its ruling for the call that runs, without waiting."""

from __future__ import annotations

import logging
from hashlib import blake2b
from typing import TYPE_CHECKING, Any, Final, Literal, NamedTuple, Protocol

import msgspec
from msgspec import UNSET

from hanse.runtime.call.context import running
from hanse.runtime.flags.ruling import NOTHING, POINTS, Audience, Ruling, bounds
from hanse.runtime.flags.trials.principals import Principals

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hanse.runtime.call.context import Origin
    from hanse.runtime.flags.declaration import Declaration
    from hanse.runtime.flags.trials.trial import Trial

log = logging.getLogger("hanse.flags")

Reason = Literal["STATIC", "DEFAULT", "TARGETING_MATCH", "SPLIT", "CACHED", "DISABLED", "ERROR"]
"""Why somebody has a value, in the words of OpenFeature; CACHED is one that was drawn before."""


class Outcome(NamedTuple):
    """What somebody gets, and why.

    Attributes:
        value: As the code has it.
        reason: Why.
        variant: Which of its values: `default`, or the value as JSON.
    """

    value: Any
    reason: Reason
    variant: str


class Draws(Protocol):
    """Who remembers what was drawn, and counts it."""

    def stored(self, name: str, of_round: int, unit: Unit) -> Outcome | None:
        """What a unit has drawn before, as far as is known here."""
        ...

    def keep(self, name: str, of_round: int, unit: Unit, outcome: Outcome) -> None:
        """Has what a unit has drawn be kept."""
        ...


_NOTHING = Outcome(None, "DEFAULT", "")
"""Of somebody who drew none of the shares."""

KNOWN_MAX = 10_000
"""Units of whom a rule remembers what they got; of more it begins anew."""

Unit = tuple[str, str]
"""A site, and whom of it: a principal's id, a visitor's key, or '' for all of it."""


class Fixed:
    """A flag that has one value, whoever asks; for tests."""

    __slots__ = ("_value",)

    def __init__(self, value: Any) -> None:
        self._value = value

    def of(self, _key: str) -> Any:
        return self._value


class State:
    """One flag of a host.

    Attributes:
        declared: What the code says of it.
        ruling: What was ruled, as far as it could be read.
        unreadable: Why the last ruling could not be; empty if it could. Its default holds then.
        asked: How often it was read.
        principals: Those who drew.
        failed: How often reading it went wrong, so that its default was given.
        trial: What is tried of it now.
    """

    __slots__ = (
        "_alone", "_default", "_draws", "_lots", "_rules", "_sticky", "asked", "declared",
        "failed", "principals", "ruling", "trial", "unreadable",
    )  # fmt: skip

    def __init__(self, declared: Declaration, draws: Draws) -> None:
        self.declared = declared
        self.unreadable = ""
        self.asked = self.failed = 0
        self.principals = Principals()
        self.trial: Trial | None = None
        self._draws = draws
        self._settle(NOTHING)

    def rule(self, ruling: Ruling, trial: Trial | None = None) -> None:
        """Follows a ruling.

        Args:
            ruling: What holds.
            trial: Of which it is; nobody keeps what they draw there, as it may be taken back.

        Raises:
            ValueError: A value is not of the flag's type; nothing has changed then.
        """
        before = self.ruling
        self._settle(ruling)
        tried, self.trial = self.trial, trial
        if trial is not None or tried is not None:
            self.principals.begin(trial)
        elif before.round != ruling.round:
            self.principals.anew()

    def of(self, key: str) -> Any:
        """Its value for the running call.

        Args:
            key: What a visitor is known by; empty for none.
        """
        self.asked += 1
        if self._alone is not None:
            return self._alone.value
        call = running.get()
        if call is None:
            return self._default.value
        try:
            return self._found(call.origin, key).value
        except Exception as error:  # noqa: BLE001  reading a flag never fails; it is counted
            return self._failed(error).value

    def outcome(self, origin: Origin, key: str = "") -> Outcome:
        """As `of`, for anybody, and with its reason."""
        self.asked += 1
        if self.unreadable:
            return self._default._replace(reason="ERROR")
        if self._alone is not None:
            return self._alone
        try:
            return self._found(origin, key)
        except Exception as error:  # noqa: BLE001  as above
            return self._failed(error)

    def doubt(self, unit: Unit) -> None:
        """Has a unit be looked at anew: what it drew before has become known."""
        for rule in self._rules:
            rule.known.pop(unit, None)

    def as_drawn(self, value: object) -> Outcome:
        """What somebody gets who has drawn this before.

        Raises:
            ValueError: It is no value of this flag any more.
        """
        return _outcome(self.declared, value, "CACHED")

    def _settle(self, ruling: Ruling) -> None:
        rules = tuple(_compiled(rule, self.declared) for rule in ruling.rules)
        off = ruling.off
        self._default = Outcome(self.declared.default, "DISABLED" if off else "DEFAULT", "default")
        self._sticky = self.declared.sticky and not off
        self._rules = rules
        self._lots = blake2b(f"{self.declared.name}\0{ruling.round}\0".encode(), digest_size=8)
        self.ruling = ruling
        self._alone = self._for_all()

    def _for_all(self) -> Outcome | None:
        """What everybody gets, where it does not depend on who asks."""
        if not self._rules:
            return None if self._sticky and self.ruling.narrowed else self._default
        first = self._rules[0]
        return first.outcome if first.fits is None else None

    def _found(self, origin: Origin, key: str) -> Outcome:
        for fits, outcome, shares, by_site, known in self._rules:
            if fits is not None and not fits(origin):
                continue
            if outcome is not None:
                return outcome
            unit = (origin.site, "" if by_site else key or origin.principal.id)
            drawn = known.get(unit)
            if drawn is None:
                drawn = known[unit] = self._draw(unit, shares, known)
            if drawn is not _NOTHING:
                return drawn
        if self._sticky:
            stored = self._stored(origin.site, key or origin.principal.id)
            if stored is not None:
                return stored
        return self._default

    def _draw(
        self, unit: Unit, shares: tuple[tuple[int, Outcome], ...], known: dict[Unit, Outcome]
    ) -> Outcome:
        """What a unit draws whom nobody here knows."""
        if len(known) >= KNOWN_MAX:
            known.clear()
        name, sticky = self.declared.name, self._sticky
        found = self._draws.stored(name, self.ruling.round, unit) if sticky else None
        if found is None:
            lots = self._lots.copy()
            lots.update("\0".join(unit).encode())
            lot = int.from_bytes(lots.digest()) % POINTS
            found = next((outcome for end, outcome in shares if lot < end), _NOTHING)
            if sticky and self.trial is None and found is not _NOTHING:
                self._draws.keep(name, self.ruling.round, unit, found)
        if unit not in self.principals.seen:
            variant = (self._default if found is _NOTHING else found).variant
            self.principals.drew(unit, variant)
        return found

    def _stored(self, site: str, who: str) -> Outcome | None:
        """What was drawn by a rule that is no longer there."""
        name, round_ = self.declared.name, self.ruling.round
        return self._draws.stored(name, round_, (site, who)) or self._draws.stored(
            name, round_, (site, "")
        )

    def _failed(self, error: Exception) -> Outcome:
        self.failed += 1
        if self.failed == 1:
            log.error(
                "%s could not be read; its default is given.", self.declared.name, exc_info=error
            )
        return self._default._replace(reason="ERROR")


class _Compiled(NamedTuple):
    """A rule as it is walked through: its audience, a value or lots, and who drew already."""

    fits: Callable[[Origin], bool] | None
    outcome: Outcome | None
    shares: tuple[tuple[int, Outcome], ...]
    by_site: bool
    known: dict[Unit, Outcome]


def _compiled(rule: Any, declared: Declaration) -> _Compiled:
    fits = _fits(rule.audience)
    if rule.value is not UNSET:
        reason: Reason = "STATIC" if fits is None else "TARGETING_MATCH"
        return _Compiled(fits, _outcome(declared, rule.value, reason), (), False, {})
    ends = bounds(rule.shares)
    outcomes = [_outcome(declared, share.value, "SPLIT") for share in rule.shares]
    return _Compiled(fits, None, tuple(zip(ends, outcomes, strict=True)), rule.by == "site", {})


def _outcome(declared: Declaration, value: object, reason: Reason) -> Outcome:
    return Outcome(declared.read(value), reason, variant_of(value))


def _fits(audience: Audience) -> Callable[[Origin], bool] | None:
    """Whether a call is of an audience; None for everybody. Most name one thing, and ask that."""
    conditions = tuple(_conditions(audience))
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return lambda origin: all(holds(origin) for holds in conditions)


def _conditions(audience: Audience) -> Iterator[Callable[[Origin], bool]]:
    sites, principals = frozenset(audience.sites), frozenset(audience.principals)
    kinds, permissions = frozenset[str](audience.kinds), frozenset(audience.permissions)
    if sites:
        yield lambda origin: origin.site in sites
    if principals:
        yield lambda origin: origin.principal.id in principals
    if kinds:
        yield lambda origin: origin.principal.kind in kinds
    if permissions:
        none_held = permissions.isdisjoint
        yield (
            lambda origin: (
                origin.principal.kind != "visitor" and not none_held(origin.principal.permissions)
            )
        )
    if audience.locales:
        locales = tuple(one.lower() for one in audience.locales)
        yield lambda origin: _speaks(origin.locale.lower(), locales)


def _speaks(locale: str, locales: tuple[str, ...]) -> bool:
    return any(locale == one or locale.startswith(f"{one}-") for one in locales)


VARIANT_MAX: Final = 60


def variant_of(value: object) -> str:
    """What a value is called where people and counts tell values apart."""
    text = msgspec.json.encode(value).decode()
    return text if len(text) <= VARIANT_MAX else f"{text[: VARIANT_MAX - 1]}…"
