"""A of the pair FastAPI + httpx: one shared AsyncClient, as httpx advises.

The advice is at https://www.python-httpx.org/async/. The pool is as large as the load, idle
connections are kept (advanced/resource-limits). Pydantic writes the request and reads the answer
itself, which is its fastest way.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os
from contextlib import asynccontextmanager

import httpx
from fastapi import FastAPI, Request

from benchmarks.calls.shop_types import Order, Reserved
from benchmarks.rpc.uvicorn_server import serve
from benchmarks.tracing import continue_trace


@asynccontextmanager
async def client(app: FastAPI):
    limits = httpx.Limits(max_connections=128, max_keepalive_connections=128, keepalive_expiry=None)
    transport = httpx.AsyncHTTPTransport(uds=os.environ["BENCH_UDS"], limits=limits)
    async with httpx.AsyncClient(transport=transport, base_url="http://stock") as shared:
        app.state.stock = shared
        yield


app = FastAPI(lifespan=client)


@app.post("/cart/v1/reservations")
async def reserve(order: Order, request: Request) -> Reserved:
    response = await request.app.state.stock.post(
        "/stock/v1/reservations",
        content=order.model_dump_json(),
        headers={
            "content-type": "application/json",
            "traceparent": continue_trace(request.headers.get("traceparent")),
        },
    )
    response.raise_for_status()
    return Reserved.model_validate_json(response.content)


if __name__ == "__main__":
    serve(app)
