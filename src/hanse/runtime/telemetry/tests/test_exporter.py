"""The exporter against a collector that speaks OTLP/HTTP over a real socket."""

import asyncio
import gzip
import logging
from collections.abc import AsyncIterator
from email.utils import formatdate

import aiohttp
import msgspec
import pytest
from aiohttp import web

from hanse.runtime.telemetry.exporter import Exporter, ExportSettings, Surroundings
from hanse.runtime.telemetry.metrics import Metrics
from hanse.runtime.telemetry.otlp_messages import metrics_service_pb2, trace_service_pb2
from hanse.runtime.telemetry.span import Span

NOW_S = 1_700_000_000


def span(number: int) -> Span:
    return Span(
        f"{1:032x}", f"{number:016x}", "", "a.v1.A/B", "server", number, 1, service="a.v1.A"
    )


class Collector:
    """Takes what the specification says a collector takes, and answers as it is told."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.metrics: list[set[str]] = []
        self.requests: list[web.Request] = []
        self.answers: list[web.Response] = []
        self.arrived = asyncio.Event()

    async def traces(self, request: web.Request) -> web.Response:
        body = await self._body(request)
        sent = trace_service_pb2.ExportTraceServiceRequest.FromString(body)
        if not self.answers:
            self.batches.append(
                [
                    s.start_time_unix_nano
                    for r in sent.resource_spans
                    for s in r.scope_spans[0].spans
                ]
            )
        return self._answer(trace_service_pb2.ExportTraceServiceResponse())

    async def take_metrics(self, request: web.Request) -> web.Response:
        sent = metrics_service_pb2.ExportMetricsServiceRequest.FromString(await self._body(request))
        self.metrics.append({m.name for m in sent.resource_metrics[0].scope_metrics[0].metrics})
        return self._answer(metrics_service_pb2.ExportMetricsServiceResponse())

    async def _body(self, request: web.Request) -> bytes:
        self.requests.append(request)
        self.arrived.set()
        assert request.content_type == "application/x-protobuf"
        return await request.read()  # aiohttp unpacks gzip where the header says so

    def _answer(self, message) -> web.Response:
        if self.answers:
            return self.answers.pop(0)
        return web.Response(body=message.SerializeToString(), content_type="application/x-protobuf")


class World:
    """A collector, the way to it, and exporters whose pauses take no time but are noted."""

    def __init__(self, collector: Collector, session: aiohttp.ClientSession, url: str) -> None:
        self.collector = collector
        self.pauses: list[float] = []
        self.now_ns = NOW_S * 10**9
        self._session = session
        self._url = url

    async def post(self, path, headers, body):
        async with self._session.post(self._url + path, headers=headers, data=body) as answer:
            return answer.status, dict(answer.headers), await answer.read()

    async def wait(self, event: asyncio.Event, seconds: float) -> None:
        self.pauses.append(seconds)
        await asyncio.sleep(0)

    def exporter(self, post=None, metrics: Metrics | None = None, **settings) -> Exporter:
        around = Surroundings(wait=self.wait, fraction=lambda: 0.5, unix_ns=lambda: self.now_ns)
        return Exporter(
            post or self.post,
            {"host.name": "h1"},
            metrics=metrics,
            settings=ExportSettings(**settings),
            surroundings=around,
        )


@pytest.fixture
async def world() -> AsyncIterator[World]:
    collector = Collector()
    app = web.Application(client_max_size=1 << 24)
    app.router.add_post("/v1/traces", collector.traces)
    app.router.add_post("/v1/metrics", collector.take_metrics)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = site._server.sockets[0].getsockname()[1]
    async with aiohttp.ClientSession() as session:
        yield World(collector, session, f"http://127.0.0.1:{port}")
    await runner.cleanup()


async def test_spans_go_out_in_batches_and_in_order(world: World) -> None:
    exporter = world.exporter()
    exporter.offer(span(n) for n in range(1, 1101))
    await exporter.flush()
    assert [len(batch) for batch in world.collector.batches] == [512, 512, 76]
    assert sum(world.collector.batches, []) == list(range(1, 1101))
    assert exporter.statistics().sent == 1100
    assert exporter.statistics().held == exporter.statistics().dropped == 0


async def test_metrics_go_out_too(world: World) -> None:
    metrics = Metrics()
    metrics.of("a.v1.A", "B").record(1, "")
    await world.exporter(metrics=metrics).flush()
    [names] = world.collector.metrics
    assert "rpc.server.duration" in names
    assert world.collector.batches == [], "no spans, no request"


async def test_requests_are_compressed_on_demand(world: World) -> None:
    exporter = world.exporter(compress=True)
    exporter.offer([span(1)])
    await exporter.flush()
    assert world.collector.requests[0].headers["content-encoding"] == "gzip"
    assert world.collector.batches == [[1]]


async def test_the_body_is_really_gzip(world: World) -> None:
    bodies = []

    async def post(path, headers, body):
        bodies.append(body)
        return 200, {}, b""

    exporter = world.exporter(post, compress=True)
    exporter.offer([span(1)])
    await exporter.flush()
    assert trace_service_pb2.ExportTraceServiceRequest.FromString(
        gzip.decompress(bodies[0])
    ).resource_spans


@pytest.mark.parametrize("status", [429, 502, 503, 504])
async def test_a_busy_collector_is_asked_again_with_growing_pauses(world: World, status) -> None:
    world.collector.answers = [web.Response(status=status) for _ in range(3)]
    exporter = world.exporter()
    exporter.offer([span(1)])
    await exporter.flush()
    assert world.collector.batches == [[1]]
    assert world.pauses == [0.75, 1.5, 3.0]
    assert exporter.statistics().sent == 1


async def test_chance_spreads_the_pauses_over_their_upper_half(world: World) -> None:
    delays = []
    for fraction in (0.0, 0.999):
        world.collector.answers = [web.Response(status=503)]
        around = Surroundings(wait=world.wait, fraction=lambda f=fraction: f)
        exporter = Exporter(world.post, {}, surroundings=around)
        exporter.offer([span(1)])
        await exporter.flush()
        delays.append(world.pauses.pop())
    assert delays == pytest.approx([0.5, 1.0], abs=0.001)


@pytest.mark.parametrize(
    ("asked", "pause"),
    [
        ("7", 7.0),
        ("0", 0.0),
        (formatdate(NOW_S + 9, usegmt=True), 9.0),
        (formatdate(NOW_S - 9, usegmt=True), 0.0),
        ("86400", 30.0),
        ("9" * 400, 30.0),
        (formatdate(NOW_S + 86400, usegmt=True), 30.0),
        ("soon", 0.75),
        ("-3", 0.75),
        ("Mon, 99 Foo 99999999999999999999 00:00:00 GMT", 0.75),
    ],
)
async def test_retry_after_is_honoured_within_reason(world: World, asked: str, pause) -> None:
    world.collector.answers = [web.Response(status=503, headers={"Retry-After": asked})]
    exporter = world.exporter()
    exporter.offer([span(1)])
    await exporter.flush()
    assert world.pauses == [pause]
    assert world.collector.batches == [[1]]


@pytest.mark.parametrize("status", [400, 401, 404, 413, 500, 501])
async def test_other_failures_are_final(world: World, status: int) -> None:
    world.collector.answers = [web.Response(status=status)]
    exporter = world.exporter()
    exporter.offer([span(1)])
    await exporter.flush()
    assert len(world.collector.requests) == 1
    assert world.pauses == []
    assert exporter.statistics().dropped == 1


async def test_it_gives_up_counts_and_goes_on_with_the_next_batch(world: World, caplog) -> None:
    world.collector.answers = [web.Response(status=503) for _ in range(5)]
    exporter = world.exporter(batch_limit=2)
    exporter.offer([span(1), span(2), span(3)])
    with caplog.at_level(logging.INFO, "hanse.telemetry"):
        await exporter.flush()
    assert world.collector.batches == [[3]]
    assert exporter.statistics().dropped == 2
    assert exporter.statistics().sent == 1
    assert "status 503" in caplog.text
    assert "takes telemetry again" in caplog.text


@pytest.mark.parametrize("error", [OSError("refused"), TimeoutError(), RuntimeError("anything")])
async def test_a_collector_out_of_reach_is_asked_again(world: World, error: Exception) -> None:
    tries = 0

    async def post(path, headers, body):
        nonlocal tries
        tries += 1
        if tries < 3:
            raise error
        return await world.post(path, headers, body)

    exporter = world.exporter(post)
    exporter.offer([span(1)])
    await exporter.flush()
    assert world.collector.batches == [[1]]


async def test_a_collector_that_never_answers_is_given_up(world: World) -> None:
    async def post(path, headers, body):
        await asyncio.Event().wait()

    exporter = world.exporter(post, timeout_seconds=0.001, attempts=2)
    exporter.offer([span(1)])
    await asyncio.wait_for(exporter.flush(), 10)
    assert exporter.statistics().dropped == 1
    assert len(world.pauses) == 1


async def test_trouble_is_logged_once_not_per_batch(world: World, caplog) -> None:
    world.collector.answers = [web.Response(status=401) for _ in range(20)]
    exporter = world.exporter(batch_limit=1)
    exporter.offer(span(n) for n in range(20))
    await exporter.flush()
    assert caplog.text.count("did not take") == 1


async def test_partial_success_is_logged_counted_and_not_repeated(world: World, caplog) -> None:
    answer = trace_service_pb2.ExportTraceServiceResponse()
    answer.partial_success.rejected_spans = 2
    answer.partial_success.error_message = "two are too old"
    world.collector.answers = [web.Response(body=answer.SerializeToString())]
    exporter = world.exporter()
    exporter.offer([span(1), span(2), span(3)])
    await exporter.flush()
    statistics = exporter.statistics()
    assert (statistics.sent, statistics.rejected, statistics.dropped) == (1, 2, 0)
    assert "two are too old" in caplog.text
    assert len(world.collector.requests) == 1


async def test_an_answer_that_is_no_protobuf_counts_as_taken(world: World) -> None:
    world.collector.answers = [web.Response(text="<html>thanks</html>")]
    exporter = world.exporter()
    exporter.offer([span(1)])
    await exporter.flush()
    assert exporter.statistics().sent == 1


async def test_the_queue_is_bounded_and_keeps_the_newest(world: World) -> None:
    exporter = world.exporter(queue_limit=3)
    exporter.offer(span(n) for n in range(1, 11))
    assert exporter.statistics().held == 3
    await exporter.flush()
    assert world.collector.batches == [[8, 9, 10]]
    assert exporter.statistics().dropped == 7


async def test_a_broken_span_costs_its_batch_and_nothing_else(world: World, caplog) -> None:
    exporter = world.exporter(batch_limit=1)
    exporter.offer([msgspec.structs.replace(span(1), trace_id="no hex"), span(2)])
    await exporter.flush()
    assert world.collector.batches == [[2]]
    assert exporter.statistics().dropped == 1
    assert "cannot encode" in caplog.text


async def test_run_sends_at_intervals_until_stopped_and_then_the_rest(world: World) -> None:
    metrics = Metrics()
    exporter = world.exporter(metrics=metrics, interval_seconds=0.25)
    # Given an exporter that runs, when spans come and time passes
    exporter.offer([span(1)])
    running = asyncio.create_task(exporter.run())
    await asyncio.wait_for(world.collector.arrived.wait(), 10)
    assert set(world.pauses) == {0.25}
    assert world.collector.metrics == [], "the interval of metrics is not over"
    # And when it is stopped
    exporter.offer([span(2)])
    exporter.stop()
    await asyncio.wait_for(running, 10)
    # Then nothing is left behind
    assert sum(world.collector.batches, []) == [1, 2]
    assert len(world.collector.metrics) == 1


async def test_run_sends_metrics_when_their_interval_is_over(world: World) -> None:
    exporter = world.exporter(metrics=Metrics(), metrics_interval_seconds=15)
    world.now_ns += 15 * 10**9
    running = asyncio.create_task(exporter.run())
    await asyncio.wait_for(world.collector.arrived.wait(), 10)
    exporter.stop()
    await asyncio.wait_for(running, 10)
    assert len(world.collector.metrics) == 2


async def test_a_full_batch_does_not_wait_for_the_interval(world: World) -> None:
    exporter = Exporter(
        world.post, {}, settings=ExportSettings(batch_limit=2, interval_seconds=999)
    )
    running = asyncio.create_task(exporter.run())
    exporter.offer([span(1), span(2)])
    await asyncio.wait_for(world.collector.arrived.wait(), 10)
    exporter.stop()
    await asyncio.wait_for(running, 10)
    assert world.collector.batches == [[1, 2]]


async def test_stopping_ends_a_long_pause_and_tries_no_more(world: World) -> None:
    # Given a collector that asks to be left alone for long, and an exporter in real time
    world.collector.answers = [
        web.Response(status=503, headers={"Retry-After": "30"}) for _ in range(9)
    ]
    exporter = Exporter(world.post, {}, settings=ExportSettings(interval_seconds=0.001))
    exporter.offer([span(1)])
    running = asyncio.create_task(exporter.run())
    await asyncio.wait_for(world.collector.arrived.wait(), 10)
    # When it is stopped, then it ends at once
    exporter.stop()
    await asyncio.wait_for(running, 10)
    assert len(world.collector.requests) <= 2
    assert exporter.statistics().dropped == 1
