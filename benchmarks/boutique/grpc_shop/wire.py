"""What every gRPC service here shares: generated types, asking, refusing, the trace, serving.

One channel and one stub to each service for the life of the process, as
https://grpc.io/docs/guides/performance/ asks; Unix sockets; uvloop, because that was faster here.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import functools
import os
from pathlib import Path

import grpc
import uvloop
from boutique_currency.money import NANOS_A_UNIT

from benchmarks.boutique.refusals import heard, said
from benchmarks.tracing import continue_trace, trace
from hanse import HanseError

SOCKETS = Path(os.environ.get("BENCH_SOCKETS", "."))
SECONDS_MAX = 10
STATUSES = {status.name.lower(): status for status in grpc.StatusCode}

# Compiles the .proto at start; the resulting code is the one protoc would have written.
messages, services = grpc.protos_and_services("benchmarks/boutique/grpc_shop/boutique.proto")


class Peer:
    """Another service, as those who call it see it. To be made inside a running loop."""

    def __init__(self, service: str, name: str) -> None:
        channel = grpc.aio.insecure_channel(f"unix:{SOCKETS / name}.sock")
        self._stub = getattr(services, f"{service}ServiceStub")(channel)

    async def ask(self, rpc_name: str, request):
        """Call an RPC; the trace goes with it, and a refusal arrives as what it is."""
        trace_id, span_id = trace.get()
        metadata = (("traceparent", f"00-{trace_id}-{span_id}-01"),)
        call = getattr(self._stub, rpc_name)
        try:
            return await call(request, timeout=SECONDS_MAX, metadata=metadata)
        except grpc.aio.AioRpcError as error:
            raise heard(error.details() or "") from error


def rpc(check):
    """A method that joins the trace, checks the request, and says a refusal as gRPC does."""

    def made_of(method):
        @functools.wraps(method)
        async def run(self, request, context):
            _join_trace(context)
            try:
                check(request)
                return await method(self, request)
            except HanseError as error:
                await context.abort(STATUSES[error.rpc_code], said(error).decode())

        return run

    return made_of


def total_nanos(amount) -> int:
    """The whole amount in billionths."""
    return amount.units * NANOS_A_UNIT + amount.nanos


def money_of(currency_code: str, nanos: int):
    """An amount given in billionths."""
    units, rest = divmod(abs(nanos), NANOS_A_UNIT)
    sign = -1 if nanos < 0 else 1
    return messages.Money(currency_code=currency_code, units=sign * units, nanos=sign * rest)


def serve(service: str, name: str, servicer) -> None:
    """Serve on the socket of this name, until the process is ended. `servicer` makes it."""
    uvloop.run(_serve(service, name, servicer))


async def _serve(service: str, name: str, servicer) -> None:
    server = grpc.aio.server()
    getattr(services, f"add_{service}ServiceServicer_to_server")(servicer(), server)
    server.add_insecure_port(f"unix:{SOCKETS / name}.sock")
    await server.start()
    await server.wait_for_termination()


def _join_trace(context) -> None:
    for key, value in context.invocation_metadata():
        if key == "traceparent":
            continue_trace(value)
            return
    continue_trace(None)
