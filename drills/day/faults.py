"""What goes wrong with releases: a third at the edge of what can be seen, a third middling, a third gross."""

from __future__ import annotations

from collections import Counter
from typing import Literal, NamedTuple

Class = Literal["edge", "middling", "gross"]
CLASSES: tuple[Class, ...] = ("edge", "middling", "gross")


class Fault(NamedTuple):
    """One way to be worse.

    Attributes:
        name: As reports have it.
        kind: How bad it is.
        says: What it does, for people.
        code: What it adds to a request, behind `work`.
        start: What it adds to the begin of a host.
        telling: Whether it still tells of what it sells.
        migration: What it does to its tables before its hosts start, as SQL.
        elsewhere: Whether it shows in one region alone, which is not the first.
    """

    name: str
    kind: Class
    says: str
    code: str = "pass"
    start: str = "pass"
    telling: bool = True
    migration: str = ""
    elsewhere: bool = False


FAULTS = (
    Fault("errors 0.5 %", "edge", "0.5 % of requests fail instead of 0.1 %", "fail(0.004)"),
    Fault("errors 1 %", "edge", "1 % of requests fail instead of 0.1 %", "fail(0.009)"),
    Fault(
        "tail 1.5",
        "edge",
        "the slowest of 20 requests takes half as long again",
        "await slow(0.05, 0.5)",
    ),
    Fault("errors 3 %", "middling", "3 % of requests fail", "fail(0.03)"),
    Fault("errors 10 %", "middling", "10 % of requests fail", "fail(0.1)"),
    Fault("all slow", "middling", "each request takes 20 ms longer", "await slow(1.0, 5.0)"),
    Fault("all fail", "gross", "every request fails", "fail(1.0)"),
    Fault("crash", "gross", "the process ends after 20 requests", "count_and_end(20)"),
    Fault("leak", "gross", "each request keeps 1 MB, until a limit ends the host", "leak()"),
    Fault("silent", "gross", "answers are right, and nothing is sold any more", telling=False),
    Fault(
        "bad setting",
        "gross",
        "it does not start, for a setting is wrong",
        start='raise ValueError("PRICE_LIST is no file")',
    ),
    Fault(
        "migration",
        "gross",
        "it renames a column that the release before reads",
        migration="alter table price rename column amount to cents;",
    ),
    Fault(
        "one region",
        "gross",
        "every request fails, in the second region alone",
        'fail(1.0 if "regions/r2/" in sys.argv[1] else 0.0)',
        elsewhere=True,
    ),
)


def drawn(number: int, regions: int) -> list[Fault]:
    """So many faults: a third of each class, and within one each that there can be in turn."""
    able = [one for one in FAULTS if regions > 1 or not one.elsewhere]
    of_class = {kind: [one for one in able if one.kind == kind] for kind in CLASSES}
    turns: Counter[Class] = Counter()
    found: list[Fault] = []
    for each in range(number):
        kind = CLASSES[each % len(CLASSES)]
        found.append(of_class[kind][turns[kind] % len(of_class[kind])])
        turns[kind] += 1
    return found
