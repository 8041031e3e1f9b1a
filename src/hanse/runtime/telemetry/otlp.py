"""Spans and metrics as OTLP messages (opentelemetry.io/docs/specs/otlp), in binary protobuf.

Attribute names are those of the OpenTelemetry conventions for RPC
(opentelemetry.io/docs/specs/semconv/rpc). Protobuf is imported when the first message is made: it
costs a host 20 MB that most never need.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Any

from hanse.runtime.telemetry.metrics import Family, Kind, MethodMetrics, Metrics, by_kind
from hanse.runtime.telemetry.span import Span

TRACES_PATH = "/v1/traces"
"""Where a collector takes spans (OTLP/HTTP)."""

METRICS_PATH = "/v1/metrics"
"""Where a collector takes metrics (OTLP/HTTP)."""

CONTENT_TYPE = "application/x-protobuf"
"""What requests and answers call themselves."""

SERVER_FAULTS = frozenset(
    ("unknown", "deadline_exceeded", "unimplemented", "internal", "unavailable", "data_loss")
)
"""Codes that make a server's span an error; the rest is the caller's affair (semconv for gRPC)."""

_KINDS = {"internal": 1, "server": 2, "client": 3}


def spans_request(spans: Iterable[Span], resource: Mapping[str, str]) -> bytes:
    """An ExportTraceServiceRequest.

    Args:
        spans: What to send; grouped by service, because a collector takes each for a source.
        resource: What is known about this host, e.g. `{"host.name": …}`; `service.name` only stands
            for spans without a service.
    """
    from hanse.runtime.telemetry.otlp_messages import trace_pb2, trace_service_pb2

    by_service = groupby(sorted(spans, key=_service_of), key=_service_of)
    groups = [
        trace_pb2.ResourceSpans(
            resource=_resource({**resource, "service.name": service} if service else resource),
            scope_spans=[trace_pb2.ScopeSpans(scope=_scope(), spans=[_span(one) for one in group])],
        )
        for service, group in by_service
    ]
    request = trace_service_pb2.ExportTraceServiceRequest(resource_spans=groups)
    return request.SerializeToString()


def metrics_request(metrics: Metrics, resource: Mapping[str, str], now_ns: int) -> bytes:
    """An ExportMetricsServiceRequest of everything counted since the host started (cumulative).

    Args:
        metrics: What to send; methods nobody has called yet are left out.
        resource: What is known about this host.
        now_ns: The moment the numbers are from, in nanoseconds since 1970.
    """
    from hanse.runtime.telemetry.otlp_messages import metrics_pb2, metrics_service_pb2

    span = (metrics.started_ns, now_ns)
    used = [one for one in metrics.methods() if one.in_flight or any(one.codes.values())]
    calls = [one for kind, some in by_kind(used) for one in _method_metrics(kind, some, span)]
    sent = [*calls, *(_family(one, span) for one in metrics.families())]
    scoped = metrics_pb2.ScopeMetrics(scope=_scope(), metrics=sent)
    one = metrics_pb2.ResourceMetrics(resource=_resource(resource), scope_metrics=[scoped])
    request = metrics_service_pb2.ExportMetricsServiceRequest(resource_metrics=[one])
    return request.SerializeToString()


def rejected(path: str, answer: bytes) -> tuple[int, str]:
    """What a collector that took a request disliked: items rejected and why; (0, "") for nothing.

    Args:
        path: Which request it answers, `TRACES_PATH` or `METRICS_PATH`.
        answer: The body; one that cannot be read counts as no complaint.
    """
    from hanse.runtime.telemetry.otlp_messages import (
        DecodeError,
        metrics_service_pb2,
        trace_service_pb2,
    )

    try:
        if path == TRACES_PATH:
            traces = trace_service_pb2.ExportTraceServiceResponse.FromString(answer).partial_success
            return traces.rejected_spans, traces.error_message
        taken = metrics_service_pb2.ExportMetricsServiceResponse.FromString(answer).partial_success
    except DecodeError:
        return 0, ""
    return taken.rejected_data_points, taken.error_message


def _service_of(span: Span) -> str:
    return span.service


def _span(span: Span) -> Any:
    from hanse.runtime.telemetry.otlp_messages import trace_pb2

    failed = bool(span.code) and (span.kind != "server" or span.code in SERVER_FAULTS)
    status = trace_pb2.Status(code=trace_pb2.Status.STATUS_CODE_ERROR) if failed else None
    return trace_pb2.Span(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id),
        name=_text(span.name),
        kind=_KINDS.get(span.kind, 1),
        start_time_unix_nano=span.start_ns,
        end_time_unix_nano=span.start_ns + span.duration_ns,
        attributes=_attributes(_span_attributes(span)),
        status=status,
    )


def _span_attributes(span: Span) -> dict[str, str]:
    own = {
        "error.type": span.code,
        "hanse.site": span.site,
        "hanse.principal_kind": span.principal_kind,
    }
    if span.kind != "internal":
        own["rpc.system"] = "connect_rpc"
        own["rpc.service"] = span.service
        own["rpc.method"] = span.name.rpartition("/")[2]
    return {**dict(span.attributes), **{name: value for name, value in own.items() if value}}


def _method_metrics(
    kind: Kind, used: Sequence[MethodMetrics], span: tuple[int, int]
) -> Iterator[Any]:
    from hanse.runtime.telemetry.otlp_messages import metrics_pb2

    cumulative = metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE
    yield metrics_pb2.Metric(
        name=f"rpc.{kind}.duration",
        unit="s",
        histogram=metrics_pb2.Histogram(
            data_points=[_durations(one, span) for one in used], aggregation_temporality=cumulative
        ),
    )
    yield metrics_pb2.Metric(
        name=f"rpc.{kind}.requests",
        unit="{request}",
        sum=metrics_pb2.Sum(
            data_points=[
                _number(count, {**_method_labels(one), "error.type": code}, span)
                for one in used
                for code, count in one.codes.items()
            ],
            aggregation_temporality=cumulative,
            is_monotonic=True,
        ),
    )
    yield metrics_pb2.Metric(
        name=f"rpc.{kind}.in_flight",
        unit="{request}",
        gauge=metrics_pb2.Gauge(
            data_points=[_number(one.in_flight, _method_labels(one), span) for one in used]
        ),
    )


def _family(family: Family, span: tuple[int, int]) -> Any:
    from hanse.runtime.telemetry.otlp_messages import metrics_pb2

    points = [_number(one.value, one.labels, span) for one in family.series.values()]
    metric = metrics_pb2.Metric(name=family.name, description=family.meaning)
    if family.kind == "gauge":
        metric.gauge.data_points.extend(points)
    else:
        metric.sum.data_points.extend(points)
        metric.sum.is_monotonic = True
        metric.sum.aggregation_temporality = metrics_pb2.AGGREGATION_TEMPORALITY_CUMULATIVE
    return metric


def _durations(one: MethodMetrics, span: tuple[int, int]) -> Any:
    from hanse.runtime.telemetry.otlp_messages import metrics_pb2

    # Prometheus counts what is no greater than a bound, OTLP what lies between two of them.
    count = one.latency.count
    reached = list(one.latency.buckets())
    edges = [0, *(seen for _, seen in reached), count]
    return metrics_pb2.HistogramDataPoint(
        attributes=_attributes(_method_labels(one)),
        start_time_unix_nano=span[0],
        time_unix_nano=span[1],
        count=count,
        sum=one.latency.sum / 1e9,
        explicit_bounds=[bound / 1e9 for bound, _ in reached],
        bucket_counts=[max(0, above - below) for below, above in pairwise(edges)],
    )


def _number(value: float, labels: Mapping[str, str], span: tuple[int, int]) -> Any:
    from hanse.runtime.telemetry.otlp_messages import metrics_pb2

    point = metrics_pb2.NumberDataPoint(
        attributes=_attributes(labels), start_time_unix_nano=span[0], time_unix_nano=span[1]
    )
    if isinstance(value, int):
        point.as_int = value
    else:
        point.as_double = value
    return point


def _method_labels(one: MethodMetrics) -> dict[str, str]:
    return {"rpc.system": "connect_rpc", "rpc.service": one.service, "rpc.method": one.method}


def _resource(known: Mapping[str, str]) -> Any:
    from hanse.runtime.telemetry.otlp_messages import resource_pb2

    return resource_pb2.Resource(attributes=_attributes(known))


def _scope() -> Any:
    from hanse.runtime.telemetry.otlp_messages import common_pb2

    return common_pb2.InstrumentationScope(name="hanse")


def _attributes(known: Mapping[str, str]) -> list[Any]:
    return [
        _usual(name, value) if len(value) < 200 else _attribute(name, value)
        for name, value in known.items()
        if value
    ]


def _attribute(name: str, value: str) -> Any:
    from hanse.runtime.telemetry.otlp_messages import common_pb2

    text = common_pb2.AnyValue(string_value=_text(value))
    return common_pb2.KeyValue(key=_text(name), value=text)


# Most are the same in every span of a method; making them anew would cost two thirds of a request.
_usual = lru_cache(maxsize=1024)(_attribute)


def _text(value: str) -> str:
    """Half a character (a lone surrogate) in one span must not lose the five hundred others."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode()
