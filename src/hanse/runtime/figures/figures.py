"""What a host tells at `GET /figures`, to who is let in at a trusted door."""

from __future__ import annotations

import msgspec

Failed = tuple[int, int, str]
"""One request that failed: its number, the second since 1970 it ended in, and whose it was."""


Unlucky = tuple[int, str, str]
"""One who drew and had a call fail: its number, what they drew, and who it was, as a digest."""


class Drawing(msgspec.Struct, frozen=True, kw_only=True):
    """What a host has counted of one flag since shares of it are tried.

    Attributes:
        trial: What is tried now; empty for nothing.
        drew: How many drew in this step of it.
        watched: By what they drew, in all steps: those who were watched to the end.
        failures: The newest of these for whom a call failed, oldest first, each of them once. They
            are numbered from 1 without gaps.
    """

    trial: str = ""
    drew: int = 0
    watched: dict[str, int] = {}
    failures: tuple[Unlucky, ...] = ()


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """What a host has counted since it began; each number only grows.

    Attributes:
        born: Which life of the host this is; another text says that it has begun anew.
        age_s: Seconds since that life began.
        requests: Work that came from outside of this host and ended: calls over HTTP and links,
            those that the door turned away, handled events and tries of workflow steps. What its
            services ask of each other is a part of one of these.
        failed: Those of them that ended by a fault of ours: errors whose status is 500 or more.
        refused: Those that ended by any other error.
        latency: How long they took: (greatest duration in ns, how many), ascending, without those
            that never began.
        failures: The newest that failed, oldest first. They are numbered from 1 without gaps, so
            that who asks again and again sees each once.
        clients: About how many requests each of the most active clients made; together never more
            than there were.
        signals: Events that were told, by full name, once what they tell of is committed.
        flags: Of all flags that its services read, by name.
    """

    born: str
    age_s: float
    requests: int
    failed: int
    refused: int
    latency: tuple[tuple[int, int], ...]
    failures: tuple[Failed, ...]
    clients: dict[str, int]
    signals: dict[str, int] = {}
    flags: dict[str, Drawing] = {}
