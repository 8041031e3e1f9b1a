"""Makes of what hosts count of a flag what the judge looks at: who drew it, and who did not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.judge.figures import CLIENTS_MAX, Counts, Poll, Sample

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

DEFAULT = "default"
"""The variant of who drew nothing."""


class Drawn(msgspec.Struct, frozen=True):
    """What one host counted of one flag; numbers only grow.

    Attributes:
        born: Which life of the host this is.
        age_s: Seconds since it began.
        variants: By what they drew: principals, and those for whom a call failed.
        names: By what they drew: the newest of those for whom a call failed, as they are told
            apart.
    """

    born: str
    age_s: float
    variants: dict[str, tuple[int, int]]
    names: dict[str, tuple[str, ...]] = {}


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What is judged.

    Attributes:
        name: Of the step; another one has a comparison of its own.
        variant: The value that is tried.
        percent: Of those who draw, how many get it.
        beside: What it is compared with.
    """

    name: str
    variant: str
    percent: float
    beside: str = DEFAULT


def poll_of(
    hosts: Mapping[str, Drawn], step: Step, at: float, listed: Collection[str] = ()
) -> Poll:
    """What the judge looks at: a principal is one request, which fails at most once.

    Each host is a canary by those who drew the value, and a twin by the others. Of several variants
    the share is that of the two compared.

    Args:
        hosts: By name; who did not answer is left out.
        step: What is judged.
        at: Seconds, by a clock that never jumps.
        listed: All hosts that have the flag, where some may be silent.
    """
    names = [*hosts, *(one for one in listed if one not in hosts)]
    sides = {
        f"{name}/{drew}": (name, drew) for drew in (step.variant, step.beside) for name in names
    }
    return Poll(
        at=at,
        stage=step.name,
        canaries=tuple(f"{name}/{step.variant}" for name in names),
        twins=tuple(f"{name}/{step.beside}" for name in names),
        samples={
            side: _sample(side, hosts[name], drew)
            for side, (name, drew) in sides.items()
            if name in hosts
        },
        share=step.percent / 100,
    )


def _sample(side: str, host: Drawn, variant: str) -> Sample:
    principals, failed = host.variants.get(variant, (0, 0))
    counts = Counts(requests=principals, errors=failed)
    # No two are one client, which the judge has to be told: else all might be one's. The newest are
    # named, so that each is when it comes.
    names = host.names.get(variant) or [f"{side}#{number}" for number in range(failed)]
    clients = {name: Counts(requests=1, errors=1) for name in names[-CLIENTS_MAX:]}
    return Sample(born=host.born, age_s=host.age_s, counts=counts, clients=clients)
