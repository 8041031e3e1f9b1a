"""Serves an ASGI application on uvicorn as https://www.uvicorn.org/deployment/ advises.

One process, uvloop and httptools (what `uvicorn[standard]` chooses), access log off. FastAPI's
and Litestar's documentation name uvicorn first. BlackSheep's also points to Granian: Litestar and
BlackSheep were tried on both here, and uvicorn took less CPU per request for both.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os

import uvicorn


def serve(app) -> None:
    uvicorn.run(
        app,
        host="127.0.0.1",
        port=int(os.environ["BENCH_PORT"]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
