"""What one host counts: calls per method, and whatever else has a name."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Literal

import msgspec

from hanse.kit.clock import unix_ns
from hanse.runtime.telemetry.histogram import Histogram
from hanse.runtime.telemetry.prometheus import family, labels_text, sample

CODES_LIMIT = 64
"""Error codes told apart per method; more are counted as `_other`."""

OTHER = "_other"
"""The service, method or label value that takes in what comes after a limit."""

Kind = Literal["server", "client"]

_METHOD_LABELS = ("rpc_service", "rpc_method")
_name_fits = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*").fullmatch


class MethodMetrics:
    """What is known about the calls of one method.

    Attributes:
        kind: Whether they are calls this process serves or calls it makes.
        service: The contract, e.g. `crm.v1.Contacts`.
        method: e.g. `Merge`.
        latency: How long calls took.
        codes: Calls by error code; the empty one counts those that went well.
        in_flight: Calls running now; raised and lowered by whoever runs them.
        unknown_fields: Fields that peers sent and this release does not know, in the messages that
            were looked at.
    """

    __slots__ = (
        "codes", "in_flight", "kind", "latency", "method", "service", "unknown_fields",
    )  # fmt: skip

    def __init__(self, service: str, method: str, kind: Kind = "server") -> None:
        self.kind: Kind = kind
        self.service = service
        self.method = method
        self.latency = Histogram()
        self.codes: dict[str, int] = {"": 0}
        self.in_flight = 0
        self.unknown_fields = 0

    def record(self, duration_ns: int, code: str) -> None:
        """Count one finished call.

        Args:
            duration_ns: Nanoseconds.
            code: Empty when it went well, else the error's stable code.
        """
        self.latency.record(duration_ns)
        self.count(code)

    def count(self, code: str) -> None:
        """Count an outcome without a duration."""
        key = code if code in self.codes or len(self.codes) < CODES_LIMIT else OTHER
        self.codes[key] = self.codes.get(key, 0) + 1


class Series:
    """One number with a name and labels: a counter, which only grows, or a gauge, which is set.

    Attributes:
        labels: Names and values that tell it from others of its name.
        value: The number now.
    """

    __slots__ = ("labels", "value")

    def __init__(self, labels: dict[str, str]) -> None:
        self.labels = labels
        self.value: float = 0

    def add(self, amount: float = 1) -> None:
        """Count `amount` more."""
        self.value += amount

    def set(self, value: float) -> None:
        """Replace the number. Not for counters: their readers take a fall for a restart."""
        self.value = value


class Family(msgspec.Struct, frozen=True):
    """All series of one name.

    Attributes:
        name: As Prometheus spells it, with the unit, e.g. `hanse_spans_dropped_total`.
        kind: "counter" or "gauge".
        meaning: A sentence for people.
        series: By the values of the labels.
    """

    name: str
    kind: Literal["counter", "gauge"]
    meaning: str
    series: dict[tuple[tuple[str, str], ...], Series]


class Metrics:
    """Everything one host counts, bounded.

    Names follow the OpenTelemetry conventions for RPC (`rpc.server.duration`, attributes
    `rpc.service` and `rpc.method`) as Prometheus spells them.

    Args:
        methods_limit: Methods told apart; later ones share the entry `_other`.
        series_limit: Named numbers told apart; later ones of a name share one labelled `_other`,
            and those of a new name are not shown.
        clock_ns: Nanoseconds since 1970; asked once, for the moment counting began.

    Attributes:
        started_ns: Since when it counts, in nanoseconds since 1970.
        overflowed: Times that a limit sent a newcomer to `_other`.
    """

    def __init__(
        self,
        *,
        methods_limit: int = 50_000,
        series_limit: int = 10_000,
        clock_ns: Callable[[], int] = unix_ns,
    ) -> None:
        self.started_ns = clock_ns()
        self._methods: dict[tuple[str, str, Kind], MethodMetrics] = {}
        self._families: dict[str, Family] = {}
        self._methods_limit = methods_limit
        self._series_left = series_limit
        self.overflowed = 0

    def of(self, service: str, method: str, kind: Kind = "server") -> MethodMetrics:
        """The metrics of a method, always the same object; ask once and keep it."""
        key = (service, method, kind)
        known = self._methods.get(key)
        if known is None:
            if len(self._methods) >= self._methods_limit:
                self.overflowed += 1
                key = (OTHER, OTHER, kind)
            known = self._methods.setdefault(key, MethodMetrics(*key))
        return known

    def methods(self) -> tuple[MethodMetrics, ...]:
        """The metrics of all methods, in the order they were first asked for."""
        return tuple(self._methods.values())

    def counter(self, name: str, meaning: str, /, **labels: str) -> Series:
        """A number that only grows, always the same object; ask once and keep it.

        Args:
            name: As Prometheus spells it, e.g. `hanse_spans_dropped_total`.
            meaning: A sentence for people, the same for all of the name.
            labels: What tells it from others of its name.

        Raises:
            ValueError: A name is not a word of letters, digits and `_`, or the metric's is already
                something else.
        """
        return self._series(self._family(name, "counter", meaning), labels)

    def gauge(self, name: str, meaning: str, /, **labels: str) -> Series:
        """A number that goes up and down; otherwise like `counter`."""
        return self._series(self._family(name, "gauge", meaning), labels)

    def families(self) -> tuple[Family, ...]:
        """All counters and gauges, by name."""
        return tuple(self._families[name] for name in sorted(self._families))

    def prometheus(self) -> str:
        """Everything in the Prometheus text format 0.0.4, without methods nobody has called yet."""
        used = [one for one in self.methods() if one.in_flight or any(one.codes.values())]
        parts = [text for kind, some in by_kind(used) for text in _families_of(kind, some)]
        parts.append(_unknown_fields(used))
        parts += [
            family(
                one.name,
                one.kind,
                one.meaning,
                (sample(one.name, labels_text(s.labels), s.value) for s in one.series.values()),
            )
            for one in self.families()
        ]
        return "".join(parts)

    def _family(self, name: str, kind: Literal["counter", "gauge"], meaning: str) -> Family:
        known = self._families.get(name)
        if known is None:
            if not _name_fits(name) or name.startswith("rpc_"):
                raise ValueError(
                    f"{name!r} cannot name a metric; use letters, digits and _, not rpc_…"
                )
            known = Family(name, kind, meaning, {})
            if self._series_left > 0:  # else it counts for itself and is shown to nobody
                self._families[name] = known
        if (known.kind, known.meaning) != (kind, meaning):
            raise ValueError(
                f"metric {name} is already a {known.kind}, {known.meaning!r}; pick another name"
            )
        return known

    def _series(self, of: Family, labels: dict[str, str]) -> Series:
        key = tuple(sorted(labels.items()))
        known = of.series.get(key)
        if known is None:
            if wrong := [name for name in labels if not _name_fits(name) or name.startswith("__")]:
                raise ValueError(f"{wrong[0]!r} cannot name a label; use letters, digits and _")
            if self._series_left <= 0:
                self.overflowed += 1
                key = tuple((name, OTHER) for name, _ in key)
            if key not in of.series:
                self._series_left -= 1
            known = of.series.setdefault(key, Series(dict(key)))
        return known


def by_kind(methods: list[MethodMetrics]) -> Iterator[tuple[Kind, list[MethodMetrics]]]:
    """Calls served, calls made: each is published under names of its own."""
    kinds: tuple[Kind, ...] = ("server", "client")
    for kind in kinds:
        if some := [one for one in methods if one.kind == kind]:
            yield kind, some


def _families_of(kind: Kind, methods: list[MethodMetrics]) -> list[str]:
    """What is told of every method alike."""
    return [
        family(
            f"rpc_{kind}_duration_seconds",
            "histogram",
            "How long calls took.",
            (line for one in methods for line in _duration_lines(one)),
        ),
        family(
            f"rpc_{kind}_requests_total",
            "counter",
            "Calls finished, by error code.",
            (line for one in methods for line in _code_lines(one)),
        ),
        family(
            f"rpc_{kind}_in_flight",
            "gauge",
            "Calls running now.",
            (sample(f"rpc_{kind}_in_flight", _labels(one), one.in_flight) for one in methods),
        ),
    ]


def _unknown_fields(methods: list[MethodMetrics]) -> str:
    name = "hanse_unknown_fields_total"
    return family(
        name,
        "counter",
        "Fields of another release that were ignored, in the one message of 64 looked at.",
        (
            sample(name, f'kind="{one.kind}",{_labels(one)}', one.unknown_fields)
            for one in methods
            if one.unknown_fields
        ),
    )


def _labels(one: MethodMetrics) -> str:
    return labels_text(dict(zip(_METHOD_LABELS, (one.service, one.method), strict=True)))


def _duration_lines(one: MethodMetrics) -> Iterator[str]:
    name, labels, count = f"rpc_{one.kind}_duration_seconds", _labels(one), one.latency.count
    for bound, reached in one.latency.buckets():
        yield sample(f"{name}_bucket", f'{labels},le="{bound / 1e9}"', reached)
    yield sample(f"{name}_bucket", f'{labels},le="+Inf"', count)
    yield sample(f"{name}_sum", labels, one.latency.sum / 1e9)
    yield sample(f"{name}_count", labels, count)


def _code_lines(one: MethodMetrics) -> Iterator[str]:
    labels = _labels(one)
    for code, count in one.codes.items():
        code_label = labels_text({"code": code or "ok"})
        yield sample(f"rpc_{one.kind}_requests_total", f"{labels},{code_label}", count)
