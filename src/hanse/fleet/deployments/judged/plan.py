"""From what a project says to what the judge holds a release to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.judge.plan import LATENCIES, Plan, Signal

if TYPE_CHECKING:
    from hanse.runtime.placement.deploy_table import DeployTable


def plan_of(rules: DeployTable) -> Plan:
    """The judge's plan.

    Raises:
        BadPlan: Two signals have one name.
    """
    return Plan(
        slo=rules.slo,
        margin=rules.margin,
        latency=LATENCIES if rules.latency else (),
        signals=tuple(
            Signal(name=one.event, bad=one.bad, margin=one.margin, needed=one.needed)
            for one in rules.signals
        ),
    )
