"""Robyn with its own authentication handler and its own pydantic validation.

https://robyn.tech/documentation/en/api_reference/authentication and .../pydantic. One process,
one worker; `--fast` would only choose more processes than the one core allowed here.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import os
from typing import Annotated

from pydantic import BaseModel, StringConstraints
from robyn import Request, Robyn
from robyn.authentication import AuthenticationHandler, BearerGetter
from robyn.robyn import Identity

from benchmarks.rpc import access
from benchmarks.tracing import continue_trace


class GreetingRequest(BaseModel):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]


class Greeting(BaseModel):
    text: str


class TokenCheck(AuthenticationHandler):
    def authenticate(self, request: Request) -> Identity | None:
        continue_trace(request.headers.get("traceparent"))
        try:
            claims = access.check_token(request.headers.get("authorization"))
        except access.RefusedError:
            return None
        return Identity({"sub": claims["sub"]})


app = Robyn(__file__)
app.configure_authentication(TokenCheck(BearerGetter()))


@app.post("/greeter/v1/greetings", auth_required=True)
async def greet(body: GreetingRequest) -> Greeting:
    return Greeting(text=f"Hello, {body.name}")


if __name__ == "__main__":
    app.start(host="127.0.0.1", port=int(os.environ["BENCH_PORT"]))
