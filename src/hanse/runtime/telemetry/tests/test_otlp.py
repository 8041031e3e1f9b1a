"""Spans and metrics as a collector decodes them."""

import subprocess
import sys

from hanse.runtime.telemetry.metrics import Metrics
from hanse.runtime.telemetry.otlp import (
    METRICS_PATH,
    TRACES_PATH,
    metrics_request,
    rejected,
    spans_request,
)
from hanse.runtime.telemetry.otlp_messages import metrics_service_pb2, trace_service_pb2
from hanse.runtime.telemetry.span import Span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def span(span_id="00f067aa0ba902b7", parent="", kind="server", code="", service="crm.v1.Contacts"):
    return Span(
        TRACE, span_id, parent, f"{service}/Merge", kind, 1_700_000_000_000_000_000, 5_000_000,
        code, service, "acme", "member", (("retry", "2"), ("odd", "half \ud800")),
    )  # fmt: skip


def decoded(*spans: Span):
    request = trace_service_pb2.ExportTraceServiceRequest.FromString(
        spans_request(spans, {"host.name": "h1"})
    )
    return [(dict(_plain(group.resource.attributes)), list(group.scope_spans[0].spans))
            for group in request.resource_spans]  # fmt: skip


def _plain(attributes):
    return [(a.key, a.value.string_value) for a in attributes]


def test_a_span_arrives_whole() -> None:
    [(resource, [sent])] = decoded(span(parent="1111111111111111", code="internal"))
    assert resource == {"host.name": "h1", "service.name": "crm.v1.Contacts"}
    assert (sent.trace_id.hex(), sent.span_id.hex()) == (TRACE, "00f067aa0ba902b7")
    assert sent.parent_span_id.hex() == "1111111111111111"
    assert sent.name == "crm.v1.Contacts/Merge"
    assert sent.start_time_unix_nano == 1_700_000_000_000_000_000
    assert sent.end_time_unix_nano - sent.start_time_unix_nano == 5_000_000
    assert dict(_plain(sent.attributes)) == {
        "rpc.system": "connect_rpc",
        "rpc.service": "crm.v1.Contacts",
        "rpc.method": "Merge",
        "error.type": "internal",
        "hanse.site": "acme",
        "hanse.principal_kind": "member",
        "retry": "2",
        "odd": "half ?",
    }


def test_kinds_are_those_of_opentelemetry() -> None:
    kinds = {
        kind: decoded(span(kind=kind))[0][1][0].kind for kind in ("internal", "server", "client")
    }
    assert kinds == {"internal": 1, "server": 2, "client": 3}
    assert decoded(span(kind="of a later release"))[0][1][0].kind == 1


def test_a_root_has_no_parent() -> None:
    assert decoded(span())[0][1][0].parent_span_id == b""


def test_the_callers_mistake_is_an_error_of_the_client_span_only() -> None:
    def is_error(kind: str, code: str) -> bool:
        return decoded(span(kind=kind, code=code))[0][1][0].status.code == 2

    assert not is_error("server", "") and not is_error("client", "")
    assert not is_error("server", "not_found") and is_error("client", "not_found")
    assert is_error("server", "internal") and is_error("client", "internal")
    assert is_error("internal", "cart_full")


def test_each_service_is_a_source_of_its_own() -> None:
    groups = decoded(span(), span(service="shop.v1.Cart"), span(), span(service=""))
    assert [(r.get("service.name"), len(spans)) for r, spans in groups] == [
        (None, 1), ("crm.v1.Contacts", 2), ("shop.v1.Cart", 1),
    ]  # fmt: skip


def test_metrics_arrive_whole_and_cumulative() -> None:
    # Given calls, a counter and a gauge
    metrics = Metrics(clock_ns=lambda: 100)
    merge = metrics.of("crm.v1.Contacts", "Merge")
    metrics.of("crm.v1.Contacts", "NobodyCalledThis")
    for duration_ns, code in ((10_000, ""), (20_000, ""), (90_000_000_000, "not_found")):
        merge.record(duration_ns, code)
    merge.in_flight = 3
    metrics.of("crm.v1.Contacts", "Merge", "client").count("")
    metrics.counter("x_total", "X.", who="a").add(7)
    metrics.gauge("y", "Y.").set(1.5)
    # When they are encoded at a moment
    body = metrics_request(metrics, {"service.name": "host"}, 200)
    [group] = metrics_service_pb2.ExportMetricsServiceRequest.FromString(body).resource_metrics
    sent = {metric.name: metric for metric in group.scope_metrics[0].metrics}
    # Then a collector reads the same numbers
    assert _plain(group.resource.attributes) == [("service.name", "host")]
    [durations] = sent["rpc.server.duration"].histogram.data_points
    assert (durations.count, durations.sum) == (3, 90.00003)
    assert durations.bucket_counts[:2] == [1, 1] and durations.bucket_counts[-1] == 1
    assert sum(durations.bucket_counts) == 3
    assert len(durations.bucket_counts) == len(durations.explicit_bounds) + 1
    assert (durations.start_time_unix_nano, durations.time_unix_nano) == (100, 200)
    assert sent["rpc.server.duration"].unit == "s"
    by_code = {
        dict(_plain(point.attributes)).get("error.type", ""): point.as_int
        for point in sent["rpc.server.requests"].sum.data_points
    }
    assert by_code == {"": 2, "not_found": 1}
    assert sent["rpc.server.in_flight"].gauge.data_points[0].as_int == 3
    [made] = sent["rpc.client.requests"].sum.data_points
    assert made.as_int == 1
    assert sent["x_total"].sum.data_points[0].as_int == 7
    assert sent["y"].gauge.data_points[0].as_double == 1.5
    for name in ("rpc.server.duration", "rpc.server.requests", "x_total"):
        kind = sent[name].WhichOneof("data")
        assert getattr(sent[name], kind).aggregation_temporality == 2, "cumulative"
    assert sent["rpc.server.requests"].sum.is_monotonic and sent["x_total"].sum.is_monotonic


def test_complaints_of_a_collector_are_read_and_rubbish_is_none() -> None:
    traces, metrics = (
        trace_service_pb2.ExportTraceServiceResponse(),
        metrics_service_pb2.ExportMetricsServiceResponse(),
    )
    traces.partial_success.rejected_spans = 3
    traces.partial_success.error_message = "too old"
    metrics.partial_success.rejected_data_points = 5
    assert rejected(TRACES_PATH, traces.SerializeToString()) == (3, "too old")
    assert rejected(METRICS_PATH, metrics.SerializeToString()) == (5, "")
    for path in (TRACES_PATH, METRICS_PATH):
        assert rejected(path, b"") == rejected(path, b"\xff<html>") == (0, "")


def test_a_host_that_exports_nothing_does_not_pay_for_protobuf() -> None:
    code = (
        "import sys, hanse.runtime.telemetry.exporter;"
        "sys.exit('google.protobuf' in sys.modules or 'opentelemetry' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_other_definitions_of_the_same_names_do_no_harm() -> None:
    """Xds-protos has old ones, which another part of the process may have loaded before."""
    code = (
        "from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as theirs;"
        "from hanse.runtime.telemetry.otlp_messages import trace_pb2, trace_service_pb2 as ours;"
        "assert theirs is not ours and trace_pb2.ScopeSpans().scope.name == ''"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
