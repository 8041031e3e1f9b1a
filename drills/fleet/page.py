"""The report of a fleet as a page."""

from __future__ import annotations

from typing import Any

from drills.drill import rows
from drills.fleet.report import GOALS

PAGE = """# A fleet of {services:,} services

    ./hanse drill fleet {options}

{services:,} services, each a package of modules of its own with seven types and five methods or more, in {hosts} hosts on one
machine. Who calls whom is drawn by the seed: of services of Alibaba, 13 % are called by nobody and 39 % call nobody
([Winchester et al.](https://arxiv.org/abs/2504.13141), table 1), and so it is here. A service calls {out_p50} (median), {out_p90} (p90) to {out_max}
others, and is called by {in_p50}, {in_p90} to {in_max}. One of three has a collection, an event, and a subscription to the event of
another. Users, who know nothing of Hanse, ask each in turn: half of the requests call nobody, three of ten call one other
service, one of ten all that it calls, one of ten writes, or sends a body. Every answer is checked.

![Requests and latency over time](fleet.svg)

| | measured | goal | |
|---|---|---|---|
{goals}

{requests:,} requests in {minutes:.1f} minutes, {requests_per_second:,.0f} a second: half took {p50_ms:.1f} ms at most, 99 of 100 {p99_ms:.0f} ms,
999 of 1,000 {p999_ms:.0f} ms. All of it was up {start_seconds:.0f} s after `hanse up`, the build of all services included. One service
was deployed alone in {deploy_seconds:.0f} s, judged by its failures (`latency = false`): {deploy_says} The control plane took {control_plane_cpu:.1%} of a core.

A weight shift is what Envoy says that it has read of its control plane: {shift_bytes:,} bytes at most, {shift_bytes_median:,.0f} in the median.
Asked for all it can do, the first service answered {first_per_second:,.0f} requests a second, the last one {last_per_second:,.0f}.

| memory (PSS) | processes | MB |
|---|---|---|
{memory}

{came_to}`fleet.json` has all of it. The chart shows requests a second (blue, left) and the p99 in milliseconds (orange, right); the
deployment is grey.
"""


def page(found: dict[str, Any]) -> str:
    """As Markdown."""
    size, shapes = found["size"], found["graph"]
    known = {
        name: value for name, value in found.items() if name not in {*size, "memory", "came_to"}
    }
    return PAGE.format(
        **known,
        **size,
        **{f"out_{name}": value for name, value in shapes["fan_out"].items()},
        **{f"in_{name}": value for name, value in shapes["fan_in"].items()},
        options=" ".join(f"--{name} {value:g}" for name, value in size.items()),
        goals=rows(found, GOALS),
        minutes=found["requests"] / found["requests_per_second"] / 60,
        memory="\n".join(_memory(kind, one) for kind, one in found["memory"].items()),
        came_to=_came_to(found["came_to"]),
    )


def _memory(kind: str, one: dict[str, int]) -> str:
    return f"| {kind} | {one['processes']} | {one['bytes'] / 1e6:,.0f} |"


def _came_to(found: dict[str, int]) -> str:
    """What became of those that failed; nothing where none did."""
    told = ", ".join(f"{number:,} {name}" for name, number in found.items() if name != "ok")
    return f"Those that failed: {told}.\n\n" if told else ""
