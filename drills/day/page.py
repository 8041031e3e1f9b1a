"""The report of a day as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drills.day.faults import FAULTS
from drills.day.report import GOALS, TAKEN_BACK
from drills.drill import rows

if TYPE_CHECKING:
    from drills.day.faults import Fault

PAGE = """# A day of deployments

    ./hanse drill day {options}

{deployments} deployments over {minutes:.0f} minutes on one machine, {services} services of {rate:g} requests a second each:
{requests:,} requests, every answer checked by a process that knows nothing of Hanse. One deployment of {faulty} is
faulty. What was before stands by for {warm:g} s instead of an hour; no evidence is shortened.

![Deployments by service](day.svg)

| | measured | goal | |
|---|---|---|---|
{goals}

Good releases reached everybody after {minutes_to_full_median:.1f} minutes (median). Of {faults} faulty ones
{faults_rolled_back} were taken back; {undecided} deployments were decided by nothing within 15 minutes and ended by hand.
{base_failures} requests failed as one of a thousand does in every release. A deployment cost the control plane
{control_seconds:.1f} s of processor time: 600 in 24 hours are {of_a_day:.1%} of a core.

| class | faults | taken back | requests failed, median | seconds, median |
|---|---|---|---|---|
{classes}

## What was wrong

| fault | class | what it does | times | taken back | requests failed |
|---|---|---|---|---|---|
{faults_table}

`day.json` has each deployment. The chart is green where a release reached everybody, red where it was taken back, orange
where it was faulty and not seen, grey where nothing decided it; a frame is around what is faulty.
"""


def page(found: dict[str, Any]) -> str:
    """As Markdown."""
    size = found["size"]
    options = ("deployments", "services", "rate", "faulty", "seed")
    return PAGE.format(
        **{name: value for name, value in found.items() if name not in {*size, "classes"}},
        **size,
        options=" ".join(f"--{name} {size[name]:g}" for name in options),
        goals=rows(found, GOALS),
        classes="\n".join(_class(kind, one) for kind, one in found["classes"].items()),
        faults_table="\n".join(_fault(fault, found["rows"]) for fault in FAULTS),
        of_a_day=found["control_seconds"] * 600 / 86_400,
    )


def _class(kind: str, one: dict[str, Any]) -> str:
    harm, seconds = one["harm_median"], one["seconds_median"]
    return f"| {kind} | {one['faults']} | {one['rolled_back']} | {harm:g} | {seconds:.0f} |"


def _fault(fault: Fault, done: list[dict[str, Any]]) -> str:
    mine = [row for row in done if row["fault"] == fault.name]
    back = sum(row["state"] in TAKEN_BACK for row in mine)
    harm = ", ".join(str(row["harm"]) for row in mine)
    return f"| {fault.name} | {fault.kind} | {fault.says} | {len(mine)} | {back} | {harm} |"
