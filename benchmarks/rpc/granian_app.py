"""Bare Granian RSGI with msgspec: no framework, what a careful engineer writes by hand.

RSGI is Granian's own, fastest interface
(https://github.com/emmett-framework/granian/blob/master/docs/spec/RSGI.md).
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os
from typing import Annotated

import msgspec
from granian import Granian
from granian.constants import HTTPModes, Interfaces, Loops, RuntimeModes

from benchmarks.rpc import access
from benchmarks.tracing import continue_trace


class GreetingRequest(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Greeting(msgspec.Struct):
    text: str


decode = msgspec.json.Decoder(GreetingRequest).decode
encode = msgspec.json.Encoder().encode
JSON = [("content-type", "application/json")]


async def app(scope, proto):
    if scope.path != "/greeter/v1/greetings" or scope.method != "POST":
        return proto.response_empty(404, [])
    continue_trace(scope.headers.get("traceparent"))
    try:
        access.check_token(scope.headers.get("authorization"))
        body = decode(await proto())
    except access.RefusedError as error:
        return proto.response_empty(error.status, [])
    except msgspec.ValidationError as error:
        return proto.response_bytes(422, JSON, encode({"error": str(error)}))
    except msgspec.DecodeError as error:
        return proto.response_bytes(400, JSON, encode({"error": str(error)}))
    return proto.response_bytes(200, JSON, encode(Greeting(text=f"Hello, {body.name}")))


if __name__ == "__main__":
    # One worker, one runtime thread, which is Granian's default; `st` is what its documentation
    # advises for few workers, HTTP/1 and no websockets save the check for the others.
    Granian(
        "benchmarks.rpc.granian_app:app",
        port=int(os.environ["BENCH_PORT"]),
        interface=Interfaces.RSGI,
        runtime_mode=RuntimeModes.st,
        loop=Loops.uvloop,
        http=HTTPModes.http1,
        websockets=False,
        log_enabled=False,
    ).serve()
