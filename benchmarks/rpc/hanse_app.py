"""Hanse with everything on: token, permission, limits, deadline, metrics, traces on disk."""

import json
import os
from pathlib import Path
from typing import Annotated

import uvloop

from benchmarks.rpc.terms import AUDIENCE, ISSUER, PERMISSION
from hanse import Host, HostConfig, Length, Service, Struct, permission, rpc
from hanse.runtime.credentials.issuer import Claims, Issuer


class Greeting(Struct, frozen=True):
    text: str


class Greeter(Service):
    """Greets people."""

    @rpc("POST /greeter/v1/greetings", allow=permission(PERMISSION))
    async def greet(self, name: Annotated[str, Length(1, 100)]) -> Greeting:
        """Greets one person."""
        return Greeting(f"Hello, {name}")


def config() -> HostConfig:
    keys = Path(os.environ["BENCH_JWKS"])
    issuer = Issuer(
        issuer=ISSUER,
        audience=(AUDIENCE,),
        keys=json.loads(keys.read_text()),
        claims=Claims(permissions="permissions"),
    )
    return HostConfig(
        port=int(os.environ["BENCH_PORT"]),
        issuers=(issuer,),
        trace_folder=keys.parent / "traces",
    )


if __name__ == "__main__":
    uvloop.run(Host([Greeter], config()).run())
