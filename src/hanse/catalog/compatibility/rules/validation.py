"""Within which bounds a value is, how long, and of which pattern."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from hanse.catalog.compatibility.finding import Hit, Rule
from hanse.runtime.contract.description import Choice, Many, Scalar

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.catalog.compatibility.rules.flow import Flow

BOUNDS_TIGHTENED = Rule(
    "bounds_tightened", "A value was within bounds, and is refused now.",
    "Leave the bounds; check what is new inside, where it can be told by an error.",
)  # fmt: skip
BOUNDS_LOOSENED = Rule(
    "bounds_loosened", "A value comes that is out of the bounds of who reads it.",
    "Release first, to all that read it, a type with the wider bounds; write such values one "
    "release later. Of what a service stores itself, write into compatibility.toml why nothing "
    "writes them yet.",
)  # fmt: skip
PATTERN_TIGHTENED = Rule(
    "pattern_tightened", "A text was taken, and may be of no pattern that is taken now.",
    "Leave the pattern; check what is new inside, where it can be told by an error.",
)  # fmt: skip
PATTERN_LOOSENED = Rule(
    "pattern_loosened", "A text may come that is of no pattern of who reads it.",
    "Release first, to all that read it, a type without the pattern; write such texts one release "
    "later.",
)  # fmt: skip
RULES = (BOUNDS_TIGHTENED, BOUNDS_LOOSENED, PATTERN_TIGHTENED, PATTERN_LOOSENED)


def bounds_hits(
    flow: Flow, place: str, written: Scalar | Many, read: Scalar | Many
) -> Iterator[Hit]:
    """Told where a value may be written that is out of the bounds of its reader."""
    beyond = [*_lengths(written, read)]
    if isinstance(read, Scalar) and isinstance(written, Scalar):
        beyond += _range(written, read)
    if beyond:
        yield _out_of_bounds(flow, place, beyond)
    if isinstance(read, Scalar) and read.pattern and _pattern(written) != read.pattern:
        yield _of_no_pattern(flow, place, read.pattern)


def choice_hits(flow: Flow, place: str, written: Choice, read: Scalar) -> Iterator[Hit]:
    """Told where one of a few values is out of the bounds of who reads any."""
    texts = [value for value in written.values if isinstance(value, str)]
    lengths = (len(text) for text in texts)
    least, most = read.min_length or 0, math.inf if read.max_length is None else read.max_length
    if not all(least <= length <= most for length in lengths):
        yield _out_of_bounds(flow, place, [f"{least} to {most} characters"])
    if read.pattern and not all(re.search(read.pattern, text) for text in texts):
        yield _of_no_pattern(flow, place, read.pattern)


def _out_of_bounds(flow: Flow, place: str, beyond: list[str]) -> Hit:
    rule = BOUNDS_TIGHTENED if flow.old_writes else BOUNDS_LOOSENED
    says = f"{flow.writer} may go beyond what {flow.reader} takes: {', '.join(beyond)}."
    return Hit(rule, place, says)


def _of_no_pattern(flow: Flow, place: str, pattern: str) -> Hit:
    rule = PATTERN_TIGHTENED if flow.old_writes else PATTERN_LOOSENED
    says = f"{flow.writer} may write what is not of {pattern!r}, and {flow.reader} takes no other."
    return Hit(rule, place, says)


def _pattern(written: Scalar | Many) -> str | None:
    return written.pattern if isinstance(written, Scalar) else None


def _lengths(written: Scalar | Many, read: Scalar | Many) -> Iterator[str]:
    if (written.min_length or 0) < (read.min_length or 0):
        yield f"a length of {read.min_length} at least"
    if _most(written.max_length) > _most(read.max_length):
        yield f"a length of {read.max_length} at most"


def _range(written: Scalar, read: Scalar) -> Iterator[str]:
    if _lowest(written) < _lowest(read):
        yield f"{_shown(read.minimum, read.exclusive_minimum)} at least"
    if _highest(written) > _highest(read):
        yield f"{_shown(read.maximum, read.exclusive_maximum)} at most"
    step, others = read.multiple_of, written.multiple_of
    if step is not None and (others is None or others % step != 0):
        yield f"multiples of {step}"


def _most(bound: int | None) -> float:
    return math.inf if bound is None else bound


def _lowest(one: Scalar) -> tuple[float, bool]:
    """The lower bound, and whether it is out itself; of integers it never is."""
    bounds = [(-math.inf, False)]
    if one.minimum is not None:
        bounds.append((one.minimum, False))
    if one.exclusive_minimum is not None:
        whole = one.name == "integer"
        bounds.append((one.exclusive_minimum + whole, not whole))
    return max(bounds)


def _highest(one: Scalar) -> tuple[float, bool]:
    """The upper bound, and whether it is in itself; of integers it always is."""
    bounds = [(math.inf, True)]
    if one.maximum is not None:
        bounds.append((one.maximum, True))
    if one.exclusive_maximum is not None:
        whole = one.name == "integer"
        bounds.append((one.exclusive_maximum - whole, whole))
    return min(bounds)


def _shown(*bounds: float | None) -> str:
    return " and ".join(f"{one:g}" for one in bounds if one is not None)
