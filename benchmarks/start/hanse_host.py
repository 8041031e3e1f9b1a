"""One Hanse host with every generated service."""

import os
import re

import uvloop

from benchmarks.start.generated import modules
from hanse import Host, HostConfig

if __name__ == "__main__":
    services = [
        value
        for module in modules()
        for name, value in vars(module).items()
        if re.fullmatch(r"Shop\d{4}", name)
    ]
    uvloop.run(Host(services, HostConfig(port=int(os.environ["BENCH_PORT"]))).run())
