"""What a host counts comes out as Prometheus reads it, and never without a bound."""

import pytest
from prometheus_client.parser import text_string_to_metric_families

from hanse.runtime.telemetry.histogram import BOUNDS_NS
from hanse.runtime.telemetry.metrics import CODES_LIMIT, OTHER, Metrics

HOSTILE = 'a"b\\c\\n\nd{e="f"} 1\r\x00 é\ud800'


def scraped(metrics: Metrics) -> dict:
    """Every sample by name and labels, read by Prometheus' own client."""
    families = text_string_to_metric_families(metrics.prometheus())
    return {(s.name, frozenset(s.labels.items())): s.value for f in families for s in f.samples}


def kinds(metrics: Metrics) -> dict[str, str]:
    return {f.name: f.type for f in text_string_to_metric_families(metrics.prometheus())}


def value(metrics: Metrics, name: str, **labels: str) -> float:
    return scraped(metrics)[name, frozenset(labels.items())]


def test_calls_are_counted_by_method_and_code() -> None:
    # Given a method that went well twice, failed once and is running once
    metrics = Metrics()
    merge = metrics.of("crm.v1.Contacts", "Merge")
    merge.record(1_000_000, "")
    merge.record(3_000_000, "")
    merge.record(5_000_000_000, "not_found")
    merge.in_flight += 1
    # Then Prometheus sees each of it
    which = {"rpc_service": "crm.v1.Contacts", "rpc_method": "Merge"}
    assert value(metrics, "rpc_server_requests_total", **which, code="ok") == 2
    assert value(metrics, "rpc_server_requests_total", **which, code="not_found") == 1
    assert value(metrics, "rpc_server_in_flight", **which) == 1
    assert value(metrics, "rpc_server_duration_seconds_count", **which) == 3
    assert value(metrics, "rpc_server_duration_seconds_sum", **which) == 5.004
    assert value(metrics, "rpc_server_duration_seconds_bucket", **which, le="+Inf") == 3
    assert value(metrics, "rpc_server_duration_seconds_bucket", **which, le="0.001048576") == 1
    assert kinds(metrics) == {
        "rpc_server_duration_seconds": "histogram",
        "rpc_server_requests": "counter",
        "rpc_server_in_flight": "gauge",
    }


def test_the_buckets_never_fall_and_are_few() -> None:
    metrics = Metrics()
    for bits in range(40):
        metrics.of("a.v1.A", "B").record(1 << bits, "")
    reached = [count for (name, _), count in scraped(metrics).items() if name.endswith("_bucket")]
    assert len(reached) == len(BOUNDS_NS) + 1 <= 16
    assert reached == sorted(reached)
    assert reached[-1] == 40


def test_a_method_is_asked_for_once_and_stays_the_same() -> None:
    metrics = Metrics()
    assert metrics.of("a.v1.A", "B") is metrics.of("a.v1.A", "B")
    assert metrics.of("a.v1.A", "B") is not metrics.of("a.v1.A", "C")


def test_methods_nobody_called_are_left_out() -> None:
    metrics = Metrics()
    metrics.of("a.v1.A", "B")
    assert metrics.prometheus() == ""


def test_methods_are_bounded() -> None:
    metrics = Metrics(methods_limit=2)
    for number in range(5):
        metrics.of("a.v1.A", f"M{number}").record(1, "")
    assert len(metrics.methods()) == 3
    assert metrics.overflowed == 3
    assert metrics.of(OTHER, OTHER).codes[""] == 3


def test_codes_are_bounded() -> None:
    method = Metrics().of("a.v1.A", "B")
    for number in range(1000):
        method.record(1, f"code_{number}")
    assert len(method.codes) == CODES_LIMIT + 1
    assert method.codes[OTHER] == 1000 - (CODES_LIMIT - 1)
    assert sum(method.codes.values()) == method.latency.count == 1000


def test_counters_and_gauges_carry_labels_and_meaning() -> None:
    metrics = Metrics()
    metrics.counter("hanse_shed_total", "Calls refused.\nBy reason \\ site.", reason="queue").add(2)
    metrics.counter("hanse_shed_total", "Calls refused.\nBy reason \\ site.", reason="site").add()
    metrics.gauge("hanse_connections", "Open connections.").set(4.5)
    assert value(metrics, "hanse_shed_total", reason="queue") == 2
    assert value(metrics, "hanse_shed_total", reason="site") == 1
    assert value(metrics, "hanse_connections") == 4.5
    assert kinds(metrics) == {"hanse_shed": "counter", "hanse_connections": "gauge"}
    assert metrics.prometheus().count("# HELP hanse_shed_total") == 1
    assert r"Calls refused.\nBy reason \\ site." in metrics.prometheus()


def test_the_order_of_labels_makes_no_second_series() -> None:
    metrics = Metrics()
    first = metrics.counter("x_total", "X.", a="1", b="2")
    assert metrics.counter("x_total", "X.", b="2", a="1") is first


def test_hostile_label_values_stay_in_their_quotes() -> None:
    metrics = Metrics()
    metrics.counter("x_total", "X.", who=HOSTILE).add()
    metrics.of(HOSTILE, "M").record(1, HOSTILE)
    text = metrics.prometheus()
    text.encode()
    read = HOSTILE.replace("\ud800", "?")
    assert value(metrics, "x_total", who=read) == 1
    assert (
        value(metrics, "rpc_server_requests_total", rpc_service=read, rpc_method="M", code=read)
        == 1
    )


def test_series_are_bounded_and_the_rest_is_counted_together() -> None:
    metrics = Metrics(series_limit=3)
    for number in range(10):
        metrics.counter("x_total", "X.", who=str(number)).add()
    assert value(metrics, "x_total", who="2") == 1
    assert value(metrics, "x_total", who=OTHER) == 7
    assert sum(len(one.series) for one in metrics.families()) == 4
    assert metrics.overflowed == 7
    # And a name that comes too late can be counted with but is not shown
    metrics.counter("y_total", "Y.").add()
    assert "y_total" not in metrics.prometheus()


@pytest.mark.parametrize("name", ["", "1x", "a-b", "a b", "a\nb", "rpc_server_requests_total"])
def test_a_bad_metric_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a metric"):
        Metrics().counter(name, "X.")


@pytest.mark.parametrize("name", ["", "1x", "a-b", "__name__", 'a="1"}\nb{c'])
def test_a_bad_label_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="cannot name a label"):
        Metrics().counter("x_total", "X.", **{name: "1"})


def test_one_name_means_one_thing() -> None:
    metrics = Metrics()
    metrics.counter("x_total", "X.")
    with pytest.raises(ValueError, match="already a counter"):
        metrics.gauge("x_total", "X.")
    with pytest.raises(ValueError, match="already a counter"):
        metrics.counter("x_total", "Y.")
