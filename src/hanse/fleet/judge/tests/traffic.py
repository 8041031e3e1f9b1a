"""A canary and its twin that are asked second by second, and a judge that looks on."""

from __future__ import annotations

from itertools import cycle
from typing import NamedTuple

from hanse.fleet.judge.figures import CLIENTS_MAX, Counts, Poll, Sample
from hanse.fleet.judge.judge import Judge
from hanse.fleet.judge.plan import Plan
from hanse.fleet.judge.verdict import Verdict

ERRORS_ONLY = Plan(latency=())
LOOKS_MAX = 2000
CROWD = tuple(f"user-{number}" for number in range(40))


class Did(NamedTuple):
    """What one instance did in a second: `ms` is how many requests took how many milliseconds."""

    requests: int = 50
    errors: int = 0
    ms: dict | None = None
    signals: dict | None = None
    by: tuple = CROWD


class Instance:
    def __init__(self, age: float) -> None:
        self.age, self.born = age, "first"
        self.requests = self.errors = 0
        self.latency: dict[int, int] | None = {}
        self.signals: dict[str, int] = {}
        self.clients: dict[str, int] = {}
        self.turns: dict[tuple, cycle] = {}

    def does(self, did: Did) -> None:
        self.requests += did.requests
        self.errors += did.errors
        turn = self.turns.setdefault(did.by, cycle(did.by))
        for _ in range(did.errors):
            client = next(turn)
            self.clients[client] = self.clients.get(client, 0) + 1
        for ms, number in (did.ms or {}).items():
            bound = round(ms * 1e6)
            self.latency[bound] = self.latency.get(bound, 0) + number
        for name, number in (did.signals or {}).items():
            self.signals[name] = self.signals.get(name, 0) + number

    def sample(self) -> Sample:
        named = sorted(self.clients.items(), key=lambda one: -one[1])[:CLIENTS_MAX]
        latency = None if self.latency is None else tuple(sorted(self.latency.items()))
        return Sample(
            born=self.born,
            age_s=self.age,
            counts=Counts(
                requests=self.requests,
                errors=self.errors,
                latency=latency,
                signals=dict(self.signals),
            ),
            clients={name: Counts(requests=errors, errors=errors) for name, errors in named},
        )


class Traffic:
    """Polls once before the first second, and once after each."""

    def __init__(
        self,
        plan=ERRORS_ONLY,
        *,
        canaries=("canary",),
        twins=("twin",),
        share=0.5,
        age=3600.0,
        signals=(),
    ):
        self.judge = Judge(plan)
        self.instances = {name: Instance(age) for name in (*canaries, *twins)}
        for instance in self.instances.values():
            instance.signals = dict.fromkeys(signals, 0)
        self.canaries, self.twins, self.share, self.at, self.stage = (
            canaries,
            twins,
            share,
            0.0,
            "pair",
        )
        self.silent: set[str] = set()
        self.looks = 0
        self.verdict: Verdict = self.look()

    def poll(self) -> Poll:
        samples = {
            name: one.sample() for name, one in self.instances.items() if name not in self.silent
        }
        return Poll(
            at=self.at,
            stage=self.stage,
            canaries=self.canaries,
            twins=self.twins,
            samples=samples,
            share=self.share,
        )

    def look(self) -> Verdict:
        self.looks += 1
        assert self.looks < LOOKS_MAX, f"not what is waited for, so far: {self.verdict.sentence}"
        self.verdict = self.judge.look(self.poll())
        return self.verdict

    def second(self, canary=Did(), twin=Did(), *, seconds=1.0, **others) -> Verdict:
        """Passes one; `canary` and `twin` are what the first of each did, others by their names."""
        self.at += seconds
        for instance in self.instances.values():
            instance.age += seconds
        did = {self.canaries[0]: canary, self.twins[0]: twin} | others
        for name, one in did.items():
            self.instances[name].does(one)
        return self.look()

    def seconds(self, number, canary=Did(), twin=Did(), **others) -> Verdict:
        """Passes so many, or fewer if it is decided before."""
        for _ in range(number):
            if self.second(canary, twin, **others).state != "undecided":
                break
        return self.verdict
