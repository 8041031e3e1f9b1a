"""How each service is served and how one asks another, alike for all of them.

uvicorn with uvloop and httptools, one process each, no access log. Asking: one aiohttp session
for the life of the process (https://docs.aiohttp.org/en/stable/client_quickstart.html: "Don't
create a session per request"), keep-alive on the Unix socket of the one asked, no limit that would
make anyone wait, no cookies. What only reads is GET with a query: aiohttp's client writes a body
in a task of its own, which costs more than FastAPI takes for the query. Pydantic writes what is
sent and reads what comes, its fastest way.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import uvicorn
from fastapi import FastAPI, Request, Response

from benchmarks.boutique.refusals import heard, said
from benchmarks.tracing import continue_trace, trace
from hanse import HanseError, Unavailable

SOCKETS = Path(os.environ.get("BENCH_SOCKETS", "."))
SECONDS_MAX = 10


class Peer:
    """Another service, as those who call it see it."""

    def __init__(self, name: str) -> None:
        self._name = name

    async def open(self) -> None:
        self._session = aiohttp.ClientSession(
            f"http://{self._name}",
            connector=aiohttp.UnixConnector(str(SOCKETS / f"{self._name}.sock"), limit=0),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=SECONDS_MAX),
        )

    async def close(self) -> None:
        await self._session.close()

    async def get(self, path: str, answer) -> Any:
        return await self._read(self._session.get(path, headers=_headers()), answer)

    async def delete(self, path: str) -> None:
        await self._read(self._session.delete(path, headers=_headers()), None)

    async def post(self, path: str, sent, answer=None) -> Any:
        headers = _headers() | {"content-type": "application/json"}
        asked = self._session.post(path, data=sent.model_dump_json(), headers=headers)
        return await self._read(asked, answer)

    async def _read(self, asked, answer):
        try:
            async with asked as response:
                body = await response.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise Unavailable(f"{self._name} does not answer.") from error
        if response.status >= 400:
            raise heard(body)
        return answer.model_validate_json(body) if answer else None


def application(*peers: Peer) -> FastAPI:
    """An app whose peers are open while it lives."""

    @asynccontextmanager
    async def lifespan(_app: FastAPI):
        for peer in peers:
            await peer.open()
        yield
        for peer in peers:
            await peer.close()

    app = FastAPI(lifespan=lifespan, openapi_url=None)
    app.add_exception_handler(HanseError, _refuse)
    return app


def join_trace(request: Request) -> None:
    """Continue the caller's trace; what is asked meanwhile hands it on."""
    continue_trace(request.headers.get("traceparent"))


def serve(app: FastAPI, name: str) -> None:
    """Serve on the socket of this name, until the process is ended."""
    _run(app, uds=str(SOCKETS / f"{name}.sock"))


def serve_openly(app: FastAPI) -> None:
    """Serve on the port BENCH_PORT, until the process is ended."""
    _run(app, host="127.0.0.1", port=int(os.environ["BENCH_PORT"]))


def _run(app: FastAPI, **where) -> None:
    uvicorn.run(
        app, loop="uvloop", http="httptools", access_log=False, log_level="warning", **where
    )


async def _refuse(_request: Request, error: Exception) -> Response:
    assert isinstance(error, HanseError), "the app calls this for no other"
    return Response(said(error), error.status, media_type="application/json")


def _headers() -> dict[str, str]:
    trace_id, span_id = trace.get()
    return {"traceparent": f"00-{trace_id}-{span_id}-01"}
