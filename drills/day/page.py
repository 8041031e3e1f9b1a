"""The report of a day as a page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from drills.day.faults import FAULTS
from drills.day.report import A_DAY, GOALS, is_taken_back
from drills.drill import rows

if TYPE_CHECKING:
    from drills.day.faults import Fault

PAGE = """# A day of deployments

    ./hanse drill day {options}

{broken_off}{deployments} deployments over {minutes:.0f} minutes {where}, {services} services of {rate:g} requests a second each:
{requests:,} requests, every answer checked by processes that know nothing of Hanse. One deployment of {faulty} is
faulty: a third of these at the edge of what can be seen, a third middling, a third gross. What was before stands by for {warm:g} s
instead of an hour; no evidence is shortened. The machine was {machine_busy:.0%} busy.

![Deployments by service](day.svg)

| | measured | goal | |
|---|---|---|---|
{goals}

Good releases reached everybody after {minutes_to_full_median:.1f} minutes (median): {stages}. Of {faults} faulty ones
{faults_rolled_back} were taken back; {undecided} deployments were decided by nothing within 15 minutes and ended by hand, and {deployed_again}
were refused for the moment and deployed again. {base_failures:,} requests failed as one of a thousand does in every release.

The goal of the control plane is held against what it used meanwhile, in a day pressed into {minutes:.0f} minutes. It uses {control_plane_idle:.1%} of a core,
all regions' together, while nobody deploys, and {control_seconds:.1f} s more for each deployment: with {a_day} in 24 hours that is {control_plane_cpu_24h:.1%} of a core.
Builds are not in it: they are processes of their own.
{regions_say}
| class | faults | taken back | requests failed, median | most | seconds, median |
|---|---|---|---|---|---|
{classes}

## What was wrong

| fault | class | what it does | times | taken back | requests failed |
|---|---|---|---|---|---|
{faults_table}
{refusal}
`day.json` has each deployment. The chart is green where a release reached everybody, red where it was taken back, orange
where it was faulty and not seen, grey where nothing decided it; a frame is around what is faulty.
"""

REGIONS = """
Canary and twin stand in one region, where {first:.0%} of the requests come in; a release that is proven there is a canary once more in each of the others.
What a fault failed is counted at all gateways.
"""

BROKEN_OFF = (
    "**Broken off** after {deployments} of {wanted} deployments: this is what there is of it.\n\n"
)


def page(found: dict[str, Any]) -> str:
    """As Markdown."""
    size = found["size"]
    regions = size["regions"] > 1
    own = {"classes", "stages", "size", "rows"}
    return PAGE.format(
        **{name: value for name, value in found.items() if name not in {*size, *own}},
        **{name: value for name, value in size.items() if name not in {"deployments", "regions"}},
        deployments=found["deployments"],
        options=" ".join(f"--{name} {size[name]:g}" for name in size if name != "warm"),
        broken_off="" if found["whole"] else _broken_off(found),
        where=f"in {size['regions']} regions on one machine" if regions else "on one machine",
        regions_say=REGIONS.format(first=size["first"]) if regions else "",
        goals=rows(found, GOALS),
        stages=", ".join(f"{stage} {each:.0f} s" for stage, each in found["stages"].items()),
        a_day=A_DAY,
        classes="\n".join(_class(kind, one) for kind, one in found["classes"].items()),
        faults_table="\n".join(_fault(fault, found["rows"]) for fault in FAULTS),
        refusal=_refusal(found["rows"]),
    )


def _broken_off(found: dict[str, Any]) -> str:
    return BROKEN_OFF.format(deployments=found["deployments"], wanted=found["size"]["deployments"])


def _refusal(done: list[dict[str, Any]]) -> str:
    """What was said of the first migration that was refused before anything ran."""
    names = {one.name for one in FAULTS if one.migration}
    said = [row["says"] for row in done if row["fault"] in names and row["state"] == "refused"]
    if not said:
        return ""
    *_, sentence = said[0].strip().splitlines()
    return f"\nA migration that breaks the release before is refused before anything runs: *{sentence}*\n"


def _class(kind: str, one: dict[str, Any]) -> str:
    harm, seconds = one["harm_median"], one["seconds_median"]
    cells = (
        kind,
        one["faults"],
        one["rolled_back"],
        f"{harm:g}",
        one["harm_most"],
        f"{seconds:.0f}",
    )
    return f"| {' | '.join(map(str, cells))} |"


def _fault(fault: Fault, done: list[dict[str, Any]]) -> str:
    mine = [row for row in done if row["fault"] == fault.name]
    back = sum(map(is_taken_back, mine))
    harm = ", ".join(str(row["harm"]) for row in sorted(mine, key=_harm))
    return f"| {fault.name} | {fault.kind} | {fault.says} | {len(mine)} | {back} | {harm} |"


def _harm(row: dict[str, Any]) -> int:
    return row["harm"]
