"""Makes of what hosts count of a flag what the judge looks at: who drew it, and who did not."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.judge.figures import CLIENTS_MAX, Counts, Poll, Sample
from hanse.runtime.flags.trials.principals import TOTAL

if TYPE_CHECKING:
    from collections.abc import Mapping

DEFAULT = "default"
"""The variant of who drew nothing."""

_LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
_ESCAPED = re.compile(r"\\(.)")


class Drawn(msgspec.Struct, frozen=True):
    """What one host counted of one flag since it began; numbers only grow.

    Attributes:
        born: Which life of the host this is.
        age_s: Seconds since it began.
        variants: By what they drew: principals, and those for whom a call failed.
    """

    born: str
    age_s: float
    variants: dict[str, tuple[int, int]]


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


def poll_of(hosts: Mapping[str, Drawn], step: Step, at: float) -> Poll:
    """What the judge looks at: a principal is one request, which fails at most once.

    Each host is a canary by those who drew the value, and a twin by the others. Of several variants
    the share is that of the two compared.

    Args:
        hosts: By name; who did not answer is left out.
        step: What is judged.
        at: Seconds, by a clock that never jumps.
    """
    canaries = {f"{name}/{step.variant}": (one, step.variant) for name, one in hosts.items()}
    twins = {f"{name}/{step.beside}": (one, step.beside) for name, one in hosts.items()}
    return Poll(
        at=at,
        stage=step.name,
        canaries=tuple(canaries),
        twins=tuple(twins),
        samples={name: _sample(name, *found) for name, found in (canaries | twins).items()},
        share=step.percent / 100,
    )


def drawn_in(text: str, flag: str) -> dict[str, tuple[int, int]]:
    """What a host's metrics say of a flag, by variant.

    Args:
        text: In the Prometheus text format, as a host writes it.
        flag: In full, like `checkout.new_tax`.
    """
    found: dict[str, dict[str, int]] = {}
    for line in text.splitlines():
        if not line.startswith(f"{TOTAL}{{"):
            continue
        labels = {name: _ESCAPED.sub(r"\1", value) for name, value in _LABEL.findall(line)}
        if labels.get("flag") == flag:
            counts = found.setdefault(labels["variant"], {"ok": 0, "failed": 0})
            counts[labels["outcome"]] += int(float(line.rpartition(" ")[2]))
    return {
        variant: (counts["ok"] + counts["failed"], counts["failed"])
        for variant, counts in found.items()
    }


def _sample(name: str, host: Drawn, variant: str) -> Sample:
    principals, failed = host.variants.get(variant, (0, 0))
    counts = Counts(requests=principals, errors=failed)
    # No two are one client, which the judge has to be told: else all might be one's.
    clients = {f"{name}#{n}": Counts(requests=1, errors=1) for n in range(min(failed, CLIENTS_MAX))}
    return Sample(born=host.born, age_s=host.age_s, counts=counts, clients=clients)
