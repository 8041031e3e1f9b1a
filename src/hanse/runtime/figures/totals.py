"""What a host tells at `GET /totals`: as short, however many methods it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import msgspec

from hanse.runtime.telemetry.histogram import Histogram

if TYPE_CHECKING:
    from hanse.runtime.telemetry.metrics import Metrics


Number = Annotated[int, msgspec.Meta(ge=0, le=2**63 - 1)]


class Totals(msgspec.Struct, frozen=True, kw_only=True):
    """A host in few numbers, for who looks at all hosts every other second.

    `/metrics` says more, of each method: of 250 methods that are half a megabyte a look.

    Attributes:
        calls: Calls served since it began, those from its own services included.
        took: By upper bound in nanoseconds, how many took no longer; ascending. Those that took
            longer than the last bound are the rest of the calls.
        directory: Revision of the directory's file that is applied.
        shares: Revision of the file of shares, likewise.
    """

    calls: Number
    took: tuple[tuple[Number, Number], ...]
    directory: Number
    shares: Number


def totals_of(metrics: Metrics, applied: tuple[int, int]) -> Totals:
    """Adds up what is counted of each method.

    Args:
        metrics: Of the host.
        applied: Revisions of directory and shares.
    """
    served = Histogram()
    for one in metrics.methods():
        if one.kind == "server":
            served.merge(one.latency)
    directory, shares = applied
    took = tuple(served.buckets())
    return Totals(calls=served.count, took=took, directory=directory, shares=shares)
