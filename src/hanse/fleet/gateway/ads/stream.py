"""What one Envoy wants, has and was sent; from that and the target follows what it is sent next."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

from hanse.fleet.gateway import xds
from hanse.fleet.gateway.resources import Snapshot
from hanse.fleet.gateway.xds import Answer, Ask, Resource

ORDER = (xds.CLUSTERS, xds.ASSIGNMENTS, xds.SECRETS, xds.LISTENERS, xds.ROUTES, xds.RUNTIME)
"""Make before break: a route to a cluster that is not there yet would fail, and so would a share.

Envoy asks for its runtime first of all, when it has not asked for what comes before it."""

NEEDED = frozenset({xds.ASSIGNMENTS, xds.SECRETS})
"""What clusters wait for, so that it does not wait for them to be answered."""

UNASKED = frozenset({xds.CLUSTERS, xds.LISTENERS})
"""What an Envoy wants all of from the start, without naming any."""

CHUNK = 300
"""Resources in one message, so that none keeps Envoy's main thread for long."""

ALL = "*"
UNKNOWN = "?"
"""Version of what an Envoy may or may not have; it equals none."""

GONE = ""
"""Version of what an Envoy wants and knows that there is none of."""


class Refusal(Exception):
    """An Envoy does not take what it was sent.

    Attributes:
        names: Of all resources of that message, by their type.
    """

    def __init__(self, words: str, kind: str, names: tuple[str, ...]) -> None:
        super().__init__(words)
        self.kind = kind
        self.names = names


class Stream:
    """One Envoy's side of the conversation. No I/O: asks go in, answers come out.

    Nothing is sent of a type while an earlier one is unanswered, save what clusters wait for: one
    is only taken when its assignment has come, and its certificate. Removals come last of all.
    """

    __slots__ = ("_kinds", "_nonces")

    def __init__(self) -> None:
        self._kinds = {kind: _Kind(kind) for kind in ORDER}
        self._nonces = count(1)

    def hear(self, ask: Ask) -> Refusal | None:
        """Takes a message of the Envoy in; returns its refusal, if it is one."""
        kind = self._kinds.get(ask.type)
        return kind.hear(ask) if kind is not None else None

    def answers(self, target: Snapshot) -> list[Answer]:
        """What may be sent now; it counts as sent."""
        found: list[Answer] = []
        for kind in ORDER:
            if kind not in NEEDED and any(one.sent for one in self._before(kind)):
                return found
            found += self._next_of(kind, target.get(kind, {}))
        return found if self._waits() else self._removals(target)

    def _next_of(self, kind: str, target: dict[str, Resource]) -> list[Answer]:
        """At most one message, and none before the last is answered.

        More of them would fill the way to the Envoy with clusters, whose assignments then wait
        behind them: and it reads no further before it has those.
        """
        state = self._kinds[kind]
        names = [] if state.sent else state.changed(target)[:CHUNK]
        if not names and not state.waits_for_any:
            return []
        if kind == xds.CLUSTERS:
            self._kinds[xds.ASSIGNMENTS].forget(names)
        return [self._send(state, {name: target[name] for name in names}, [])]

    def _send(self, state: _Kind, resources: dict[str, Resource], removed: list[str]) -> Answer:
        return state.send(str(next(self._nonces)), resources, tuple(removed))

    def settled(self, target: Snapshot) -> bool:
        """Whether the Envoy has all of the target that it did not refuse, and nothing else."""
        return not self._waits() and all(
            state.settled(target.get(kind, {})) for kind, state in self._kinds.items()
        )

    def refuses_nothing(self) -> None:
        """Lets what was refused be tried again: its reason may be gone."""
        for state in self._kinds.values():
            state.refused.clear()

    def _removals(self, target: Snapshot) -> list[Answer]:
        """In reverse order: nothing may point to what is gone."""
        found: list[Answer] = []
        for kind in reversed(ORDER):
            state = self._kinds[kind]
            if gone := state.superfluous(target.get(kind, {}))[:CHUNK]:
                found.append(self._send(state, {}, gone))
        return found

    def _waits(self) -> bool:
        return any(state.sent for state in self._kinds.values())

    def _before(self, kind: str) -> Iterator[_Kind]:
        return (self._kinds[one] for one in ORDER[: ORDER.index(kind)])


class _Kind:
    """The same for resources of one type.

    Attributes:
        sent: Versions by name, of messages not yet answered, by nonce.
        refused: Versions by name that are not sent again.
        waits_for_any: Whether an answer is due even if there is nothing to say.
    """

    __slots__ = (
        "_all", "_begun", "_has", "_stale", "_type", "_wants", "refused", "sent", "waits_for_any",
    )  # fmt: skip

    def __init__(self, kind: str) -> None:
        self._type = kind
        self._begun = self._all = self.waits_for_any = False
        self._wants: set[str] = set()
        self._has: dict[str, str] = {}
        self._stale: set[str] = set()
        self.sent: dict[str, dict[str, str]] = {}
        self.refused: dict[str, str] = {}

    def hear(self, ask: Ask) -> Refusal | None:
        if not self._begun:
            self._begin(ask)
        else:
            for name in ask.subscribe:
                # Asked for again, it is to be sent again, whatever was sent before.
                self._has.pop(name, None)
        self._want(ask)
        versions = self.sent.pop(ask.nonce, None)
        if versions is None or not ask.error:
            return None
        self.refused |= versions
        self._has |= dict.fromkeys(versions, UNKNOWN)
        return Refusal(ask.error, self._type, tuple(versions))

    def _begin(self, ask: Ask) -> None:
        """The first ask of a type may say what is left from a stream before this one.

        Clusters and listeners are asked for without a name: that means all of them.
        """
        self._begun = True
        self._has = {name: held for name, held in ask.held.items() if name not in self._stale}
        self._stale.clear()
        self._all = not ask.subscribe and self._type in UNASKED
        self.waits_for_any = self._all and not ask.held

    def _want(self, ask: Ask) -> None:
        self._all = (self._all or ALL in ask.subscribe) and ALL not in ask.unsubscribe
        self._wants |= set(ask.subscribe) - {ALL}
        for name in ask.unsubscribe:
            self._wants.discard(name)
            self._has.pop(name, None)

    def changed(self, target: dict[str, Resource]) -> list[str]:
        """Names the Envoy wants and has not, or not as they are now."""
        if not self._begun:
            return []
        wanted = target if self._all else self._wants.intersection(target)
        has, refused = self._has, self.refused
        return [
            name
            for name in wanted
            if has.get(name) != (version := target[name].version) and refused.get(name) != version
        ]

    def superfluous(self, target: dict[str, Resource]) -> list[str]:
        """Names the Envoy has, or waits for, and that are no more."""
        missing = self._wants - target.keys() - self._has.keys()
        held = (name for name, version in self._has.items() if version != GONE)
        return [*(name for name in held if name not in target), *missing]

    def settled(self, target: dict[str, Resource]) -> bool:
        """An Envoy asks for what it must have before it answers what made it need that."""
        if (self._type in UNASKED and not self._all) or self.waits_for_any:
            return False
        return not self.changed(target) and not self.superfluous(target)

    def forget(self, names: list[str]) -> None:
        """Counts as not sent what must follow something else that is sent now."""
        if not self._begun:
            self._stale.update(names)  # or it would be held from a stream before this one
        for name in names:
            self._has.pop(name, None)

    def send(self, nonce: str, resources: dict[str, Resource], removed: tuple[str, ...]) -> Answer:
        versions = {name: one.version for name, one in resources.items()}
        self.sent[nonce] = versions
        self.waits_for_any = False
        self._has |= versions
        for name in removed:
            self._has.pop(name, None)
        self._has |= dict.fromkeys(self._wants.intersection(removed), GONE)
        return Answer(self._type, nonce, resources, removed)
