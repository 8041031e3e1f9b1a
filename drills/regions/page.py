"""The report of the drill as a page."""

from __future__ import annotations

from typing import Any

from drills.drill import rows
from drills.regions.report import GOALS

PAGE = """# What happens to regions

    ./hanse drill regions {options}

{regions} regions on one machine, each with gateway, broker and hosts; one database. At each gateway {rate:g} requests a
second, {requests:,} in all, each through two services, every answer checked by a process that knows nothing of Hanse. Users
know all gateways: who cannot connect to one connects to the next; what breaks after it was sent counts as failed.

![Requests and failures by gateway](regions.svg)

| | measured | goal | |
|---|---|---|---|
{goals}

- **Planned.** Region r2 is drained, ended, started and sent requests again.
- **Killed.** Every process of r3 is killed at once, and nobody told: {kill_dead_failures} requests of its callers failed.
- **Brokers.** Those of r2 and r3 are killed, and nobody starts them: the directory cannot be written. A deployment meanwhile came to: *{deploy_refused}*
- **Control plane.** A release that always fails has half of the requests of a region when the head, its keeper, the controls of all regions
  and what deploys are killed at once: {lease_failures} requests fail until its share runs out.

All of it runs on one machine, so a region that is killed refuses connections at once; one that burns down does not answer.
"""


def page(found: dict[str, Any]) -> str:
    """As Markdown."""
    size = found["size"]
    options = " ".join(f"--{name} {value:g}" for name, value in size.items())
    told = {name: value for name, value in found.items() if name not in {"size", "seconds"}}
    return PAGE.format(**told, **size, options=options, goals=rows(found, GOALS))
