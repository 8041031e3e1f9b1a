"""FastAPI on uvicorn with uvloop and httptools, as https://fastapi.tiangolo.com/deployment/ says.

Answer validation is FastAPI's default (a return type). The token check is one dependency that
reads the request's headers itself: cheaper than HTTPBearer or Header() parameters.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from typing import Annotated

from fastapi import Depends, FastAPI, HTTPException, Request
from pydantic import BaseModel, StringConstraints

from benchmarks.rpc import access
from benchmarks.rpc.uvicorn_server import serve
from benchmarks.tracing import continue_trace


class GreetingRequest(BaseModel):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Greeting(BaseModel):
    text: str


# An async dependency, because FastAPI runs a plain one in a thread pool.
async def allowed(request: Request) -> None:
    continue_trace(request.headers.get("traceparent"))
    try:
        access.check_token(request.headers.get("authorization"))
    except access.RefusedError as error:
        raise HTTPException(error.status) from error


app = FastAPI()


@app.post("/greeter/v1/greetings", dependencies=[Depends(allowed)])
async def greet(body: GreetingRequest) -> Greeting:
    return Greeting(text=f"Hello, {body.name}")


if __name__ == "__main__":
    serve(app)
