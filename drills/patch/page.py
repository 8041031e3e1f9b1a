"""The report of a patch as a page."""

from __future__ import annotations

from typing import Any

from drills.drill import rows
from drills.patch.report import GOALS

PAGE = """# A patch of the runtime

    ./hanse drill patch {options}

Another Hanse is installed beside a fleet that runs, as whoever closes a hole does, and `hanse deploy` without a further word brings it to
{services} services in {groups} groups, {at_once} groups at once: each has a canary beside its twin, is judged, takes over and is judged again. No service is built anew. {requests:,} requests
went to all of them meanwhile, {rate:g} a second to each, every answer checked by a process that knows nothing of Hanse. What was before stands by for five seconds
instead of an hour, and slow requests are not judged, as so few requests prove nothing of them for long; no other evidence is shortened.

![Groups over time](patch.svg)

| | measured | goal | |
|---|---|---|---|
{goals}

All of it took **{minutes:.1f} minutes** on a machine of two processors, a group {minutes_a_group:.1f} (median). It ended so: {says} The slowest of a hundred requests took {p99_before:.0f} ms before and
{p99_meanwhile:.0f} ms meanwhile; the control plane used {control_seconds:.0f} s of processor time.

How long a group takes follows from how much it is asked: a proof needs some hundreds of requests of the canary in each of two stages. `patch.json` has all figures.
"""


def page(found: dict[str, Any]) -> str:
    """As Markdown."""
    size = found["size"]
    own = {"says": found["says"].splitlines()[-1], "goals": rows(found, GOALS)}
    options = " ".join(f"--{name} {value:g}" for name, value in size.items())
    return PAGE.format_map({**found, **size, **own, "options": options})
