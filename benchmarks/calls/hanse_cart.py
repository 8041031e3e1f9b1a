"""A of the Hanse pair: the cart; the directory says where the stock is."""

import os
from pathlib import Path

import uvloop

from benchmarks.calls.hanse_shop import Cart
from hanse import Host, HostConfig

if __name__ == "__main__":
    path = Path(os.environ["BENCH_UDS"])
    config = HostConfig(
        port=int(os.environ["BENCH_PORT"]),
        directory={"stock.v1.Stock": (f"unix:{path}",)},
        trace_folder=path.parent / "cart-traces",
    )
    uvloop.run(Host([Cart], config).run())
