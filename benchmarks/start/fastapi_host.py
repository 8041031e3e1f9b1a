"""One FastAPI application with every generated router, as "bigger applications" of its tutorial."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import sys

from fastapi import FastAPI

from benchmarks.rpc.uvicorn_server import serve
from benchmarks.start.generated import modules

# Every included router wraps the lifespan once more: a thousand exceed Python's usual depth.
# A higher limit costs nothing; routers of routers would copy every route a second time.
sys.setrecursionlimit(20_000)

if __name__ == "__main__":
    app = FastAPI()
    for module in modules():
        app.include_router(module.router)
    serve(app)
