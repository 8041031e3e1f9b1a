"""BlackSheep with pydantic input (its documentation's advice) and orjson (its documented setting).

https://www.neoteroi.dev/blacksheep/requests/ and .../json/. The answer is a dataclass, which
orjson writes natively. The token check is one middleware, cheaper than its authorization policies.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from dataclasses import dataclass
from typing import Annotated

import orjson
from blacksheep import Application, FromJSON, Request, Response, Router
from blacksheep.exceptions import Forbidden, Unauthorized
from blacksheep.settings.json import json_settings
from pydantic import BaseModel, StringConstraints

from benchmarks.rpc import access
from benchmarks.rpc.uvicorn_server import serve
from benchmarks.tracing import continue_trace


class GreetingRequest(BaseModel):
    name: Annotated[str, StringConstraints(min_length=1, max_length=100)]


@dataclass
class Greeting:
    text: str


json_settings.use(loads=orjson.loads, dumps=lambda value: orjson.dumps(value).decode())
app = Application(router=Router())


async def allowed(request: Request, handler) -> Response:
    traceparent = request.get_first_header(b"traceparent")
    authorization = request.get_first_header(b"authorization")
    continue_trace(traceparent.decode() if traceparent else None)
    try:
        access.check_token(authorization.decode() if authorization else None)
    except access.RefusedError as error:
        refusal = Unauthorized if error.status == 401 else Forbidden
        raise refusal from error
    return await handler(request)


app.middlewares.append(allowed)


@app.router.post("/greeter/v1/greetings")
async def greet(body: FromJSON[GreetingRequest]) -> Greeting:
    return Greeting(text=f"Hello, {body.value.name}")


if __name__ == "__main__":
    serve(app)
