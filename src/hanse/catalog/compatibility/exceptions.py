"""Breaking changes that were allowed, each with a reason and a day: `compatibility.toml`."""

from __future__ import annotations

import tomllib
from datetime import date
from typing import TYPE_CHECKING, Annotated

import msgspec
from msgspec import Meta

from hanse.catalog.compatibility.every_rule import EVERY_RULE
from hanse.catalog.compatibility.finding import Finding
from hanse.runtime.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FILE = "compatibility.toml"

UNUSED = "exception_unused"
EXPIRED = "exception_expired"
_TAKE_OUT = f"Take it out of {FILE}."

Reason = Annotated[str, Meta(min_length=10, max_length=1000)]


class ExceptionsError(ConfigurationError):
    """The file of exceptions is wrong; `problems` say where."""


class Allowed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One exception.

    Attributes:
        rule: Id of the rule that is broken.
        place: Where, as the finding says.
        reason: Why that does no harm, for who reads it in a year.
        until: The last day it counts.
    """

    rule: str
    place: str
    reason: Reason
    until: date


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    allowed: tuple[Allowed, ...] = ()


def read_exceptions(text: str) -> tuple[Allowed, ...]:
    """The exceptions that a file has.

    Raises:
        ExceptionsError: It is no such file, or names a rule that there is not.
    """
    try:
        found = msgspec.convert(tomllib.loads(text), _File).allowed
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        sample = "[[allowed]] with rule, place, reason and until = 2026-12-31"
        raise ExceptionsError(f"{FILE}: {error}. An exception is {sample}.") from None
    unknown = [one.rule for one in found if one.rule not in EVERY_RULE]
    if unknown:
        known = ", ".join(sorted(EVERY_RULE))
        raise ExceptionsError(
            *(f"{FILE}: there is no rule {one}; there are {known}." for one in unknown)
        )
    return found


def without_allowed(
    findings: Sequence[Finding], allowed: Sequence[Allowed], today: date
) -> tuple[tuple[Finding, ...], tuple[Finding, ...]]:
    """Findings that stand, and those that were allowed.

    What is allowed and does not occur stands as a finding itself, and so does what was allowed
    until a day that is over: a file of exceptions shall say what is true.

    Args:
        findings: Of the gate.
        allowed: What the file says.
        today: The day it is.
    """
    good = {(one.rule, one.place) for one in allowed if one.until >= today}
    let_go = tuple(one for one in findings if (one.rule, one.place) in good)
    stand = [one for one in findings if (one.rule, one.place) not in good]
    return (*stand, *_idle(findings, allowed, today)), let_go


def _idle(
    findings: Sequence[Finding], allowed: Sequence[Allowed], today: date
) -> Iterator[Finding]:
    occur = {(one.rule, one.place) for one in findings}
    for one in allowed:
        if (one.rule, one.place) not in occur:
            says = f"{one.rule} is allowed here and does not occur."
            yield Finding(UNUSED, one.place, says, (FILE,), _TAKE_OUT)
        elif one.until < today:
            says = f"{one.rule} was allowed until {one.until}: {one.reason}"
            remedy = f"Mend it, or say in {FILE} why it may stay and until when."
            yield Finding(EXPIRED, one.place, says, (FILE,), remedy)
