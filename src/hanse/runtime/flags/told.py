"""How flags do, for operators: reads, what went wrong, and principals by what they drew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.runtime.figures.tally import Tally
    from hanse.runtime.flags.draws import Draws
    from hanse.runtime.flags.state import State
    from hanse.runtime.flags.trials.principals import Principals
    from hanse.runtime.telemetry.metrics import Metrics

UNREADABLE = ("hanse_flags_unreadable", "Flags whose ruling this release cannot read.")
READS = ("hanse_flag_reads_total", "How often flags were read.")
FAILED = ("hanse_flag_reads_failed_total", "Reads that went wrong and gave the default.")
LOST = ("hanse_flag_draws_lost_total", "Draws that were not kept, as too many waited.")
UNLOADED = ("hanse_flag_draws_unknown_total", "Calls that went on by lots, not knowing draws.")
PRINCIPALS = "hanse_flag_principals_total"


class Instruments(Protocol):
    """What a host counts with."""

    @property
    def metrics(self) -> Metrics: ...

    @property
    def tally(self) -> Tally: ...


class Surroundings(Protocol):
    """A host, as far as flags have to do with it."""

    @property
    def instruments(self) -> Instruments: ...


def publish(metrics: Metrics, states: Mapping[str, State], draws: Draws) -> None:
    """Has it be seen.

    Args:
        metrics: Where.
        states: All flags of a host.
        draws: What principals drew of them.
    """
    metrics.gauge(*UNREADABLE).set(sum(bool(one.unreadable) for one in states.values()))
    for (name, meaning), now in (
        (LOST, draws.lost),
        (UNLOADED, draws.unloaded),
        (FAILED, sum(one.failed for one in states.values())),
    ):
        counter = metrics.counter(name, meaning)
        counter.add(now - counter.value)
    for name, state in states.items():
        asked = metrics.counter(*READS, flag=name)
        asked.add(state.asked - asked.value)
        state.principals.close()
        _publish(metrics, name, state.principals)


def _publish(metrics: Metrics, name: str, principals: Principals) -> None:
    for variant, (all_, failed) in principals.counts.items():
        for outcome, number in (("ok", all_ - failed), ("failed", failed)):
            counter = metrics.counter(
                PRINCIPALS,
                "Principals by what they drew, watched for a minute each.",
                flag=name,
                variant=variant,
                outcome=outcome,
            )
            counter.add(number - counter.value)
