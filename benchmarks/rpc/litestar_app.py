"""Litestar with msgspec types and a guard, as its documentation advises.

Guards: https://docs.litestar.dev/latest/usage/security/guards.html
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from typing import Annotated

import msgspec
from litestar import Litestar, post
from litestar.connection import ASGIConnection
from litestar.exceptions import HTTPException
from litestar.handlers import BaseRouteHandler

from benchmarks.rpc import access
from benchmarks.rpc.uvicorn_server import serve
from benchmarks.tracing import continue_trace


class GreetingRequest(msgspec.Struct):
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]


class Greeting(msgspec.Struct):
    text: str


def allowed(connection: ASGIConnection, _: BaseRouteHandler) -> None:
    continue_trace(connection.headers.get("traceparent"))
    try:
        access.check_token(connection.headers.get("authorization"))
    except access.RefusedError as error:
        raise HTTPException(status_code=error.status) from error


@post("/greeter/v1/greetings", status_code=200, guards=[allowed])
async def greet(data: GreetingRequest) -> Greeting:
    return Greeting(text=f"Hello, {data.name}")


app = Litestar([greet])

if __name__ == "__main__":
    serve(app)
