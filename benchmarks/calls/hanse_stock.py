"""B of the Hanse pair: the stock in a host of its own, reached over a Unix socket."""

import os
from pathlib import Path

import uvloop

from benchmarks.calls.hanse_shop import Warehouse
from hanse import Host, HostConfig

if __name__ == "__main__":
    path = Path(os.environ["BENCH_UDS"])
    config = HostConfig(port=None, socket=path, trace_folder=path.parent / "stock-traces")
    uvloop.run(Host([Warehouse], config).run())
