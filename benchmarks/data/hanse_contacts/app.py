"""Hanse with everything on: token, permission, limits, deadline, metrics, traces on disk."""

import json
import os
from pathlib import Path

import uvloop

from benchmarks.data.hanse_contacts.entity import Contacts, database
from benchmarks.rpc.terms import AUDIENCE, ISSUER
from hanse import Claims, Host, HostConfig, Issuer


def config() -> HostConfig:
    keys = Path(os.environ["BENCH_JWKS"])
    issuer = Issuer(
        issuer=ISSUER,
        audience=(AUDIENCE,),
        keys=json.loads(keys.read_text()),
        claims=Claims(permissions="permissions", site="site"),
    )
    return HostConfig(
        port=int(os.environ["BENCH_PORT"]),
        issuers=(issuer,),
        trace_folder=keys.parent / "traces",
        database=database(),
    )


if __name__ == "__main__":
    uvloop.run(Host([Contacts], config()).run())
