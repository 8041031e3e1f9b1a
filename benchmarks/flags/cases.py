"""What is read: flags ruled in several ways, by Hanse and by OpenFeature, with the same answers."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, NamedTuple

from openfeature import api
from openfeature.flag_evaluation import FlagResolutionDetails, Reason

from hanse.flags import Flags, flag
from hanse.runtime.call.context import Call, Origin
from hanse.runtime.flags.book import Book
from hanse.runtime.flags.ruling import Audience, Rule, Ruling, Share
from hanse.runtime.identity.principal import Principal

if TYPE_CHECKING:
    from collections.abc import Callable

# Untyped, as far as a type checker can see.
contexts: Any = importlib.import_module("openfeature.evaluation_context")
memory: Any = importlib.import_module("openfeature.provider.in_memory_provider")

SITE = "acme"
PRINCIPALS = 4096
"""Different ones that ask in turn, so that nothing is remembered of the last."""

HALF = 50.0


class Measured(Flags, name="measured"):
    """What is measured."""

    plain = flag(False, owner="bench", until=None, doc="Nobody ruled.")
    value = flag(False, owner="bench", until=None, doc="One value for all.")
    share = flag(False, owner="bench", until=None, doc="Lots for all.")
    rules = flag(False, owner="bench", until=None, doc="Two rules that miss, then lots.")
    sticky = flag(False, owner="bench", until=None, doc="Drawn before.", sticky=True)


MISSING = (
    Rule(Audience(sites=("globex",)), value=True),
    Rule(Audience(principals=("eve",)), value=True),
)
LOTS = Rule(shares=(Share(HALF, value=True),))
RULINGS = {
    "plain": Ruling(),
    "value": Ruling((Rule(value=True),)),
    "share": Ruling((LOTS,)),
    "rules": Ruling((*MISSING, Rule(Audience(permissions=("till.try",)), shares=LOTS.shares))),
    "sticky": Ruling((Rule(shares=(Share(100.0, value=True),)),)),
}


class Case(NamedTuple):
    """One flag, to be read for one principal after the other.

    Attributes:
        name: Of the flag.
        who: Asks, one after the other.
        read: By Hanse.
        peer: By OpenFeature's client; None where its provider has nothing like it.
        before: Is done before each pass.
    """

    name: str
    who: list[Origin]
    read: Callable[[Origin], Any]
    peer: Callable[[Origin], Any] | None
    before: Callable[[], object] = tuple


def cases() -> list[Case]:
    """All of them, with flags as a host has them."""
    book = Book(_nowhere())
    flags = Measured.__from_database__(Measured, _nowhere(), book)
    for name, ruling in RULINGS.items():
        book.states[f"measured.{name}"].rule(ruling)
    client = _peer()
    who = [
        Origin(SITE, Principal("member", f"member-{n}-0000-4f6b-9a5c", frozenset(("till.try",))))
        for n in range(PRINCIPALS)
    ]
    for origin in who:  # whoever comes first is watched from then on, and has drawn
        for name in RULINGS:
            book.states[f"measured.{name}"].outcome(origin)
    readers, lots = _readers(flags), book.states["measured.share"]

    def forget() -> None:
        lots.rule(RULINGS["share"])
        lots.principals.anew()

    known = [Case(name, who, readers[name], client.get(name)) for name in RULINGS]
    return [*known, Case("share_first", who, readers["share"], None, forget)]


def as_call(origin: Origin) -> Call:
    """A running call of somebody."""
    nothing: Any = None
    return Call(nothing, origin, 0, 0, nothing, "", "")


def _readers(flags: Measured) -> dict[str, Callable[[Origin], bool]]:
    """Each as it stands in a service, where it is `self._flags.share`."""
    return {
        "plain": lambda _: flags.plain,
        "value": lambda _: flags.value,
        "share": lambda _: flags.share,
        "rules": lambda _: flags.rules,
        "sticky": lambda _: flags.sticky,
    }


def _nowhere() -> Any:
    """In the place of a database, which reading a flag never asks."""
    return None


def _peer() -> dict[str, Callable[[Origin], Any]]:
    """OpenFeature's client with its own provider: a value, and a rule as a function of ours."""

    def at_site(found: Any, context: Any) -> Any:
        is_there = context.attributes.get("site") == SITE
        return FlagResolutionDetails(
            value=found.variants["on" if is_there else "off"], reason=Reason.TARGETING_MATCH
        )

    variants = {"on": True, "off": False}
    flags: dict[str, Any] = {
        "value": memory.InMemoryFlag("on", variants),
        "rules": memory.InMemoryFlag("off", variants, context_evaluator=at_site),
    }
    api.set_provider(memory.InMemoryProvider(flags), "bench")
    client = api.get_client("bench")

    def value(_: Origin) -> Any:
        return client.get_boolean_value("value", False)

    def rules(origin: Origin) -> Any:
        context = contexts.EvaluationContext(origin.principal.id, {"site": origin.site})
        return client.get_boolean_value("rules", False, context)

    return {"value": value, "rules": rules}
