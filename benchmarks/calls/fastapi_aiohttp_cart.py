"""A of the pair FastAPI + aiohttp: one session for the life of the application.

https://docs.aiohttp.org/en/stable/client_quickstart.html: "Don't create a session per request".
The connector's limit is above the load, so that it never makes anyone wait.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os
from contextlib import asynccontextmanager

import aiohttp
from fastapi import FastAPI, Request

from benchmarks.calls.shop_types import Order, Reserved
from benchmarks.rpc.uvicorn_server import serve
from benchmarks.tracing import continue_trace


@asynccontextmanager
async def session(app: FastAPI):
    connector = aiohttp.UnixConnector(path=os.environ["BENCH_UDS"], limit=256)
    async with aiohttp.ClientSession("http://stock", connector=connector) as shared:
        app.state.stock = shared
        yield


app = FastAPI(lifespan=session)


@app.post("/cart/v1/reservations")
async def reserve(order: Order, request: Request) -> Reserved:
    async with request.app.state.stock.post(
        "/stock/v1/reservations",
        data=order.model_dump_json(),
        headers={
            "content-type": "application/json",
            "traceparent": continue_trace(request.headers.get("traceparent")),
        },
    ) as response:
        response.raise_for_status()
        return Reserved.model_validate_json(await response.read())


if __name__ == "__main__":
    serve(app)
