"""The host behind all services of the steered gateway: cheap methods under three first segments."""

import os
from pathlib import Path

import uvloop

from hanse import PUBLIC, Host, HostConfig, Service, rpc


class First(Service, package="first.v1"):
    """Answers as the first of all services."""

    @rpc("GET /first/v1/numbers/{number}", allow=PUBLIC)
    async def number(self, number: int) -> int:
        """The same number."""
        return number


class Middle(Service, package="middle.v1"):
    """Answers as the one in the middle."""

    @rpc("GET /middle/v1/numbers/{number}", allow=PUBLIC)
    async def number(self, number: int) -> int:
        """The same number."""
        return number


class Last(Service, package="last.v1"):
    """Answers as the last of all services."""

    @rpc("GET /last/v1/numbers/{number}", allow=PUBLIC)
    async def number(self, number: int) -> int:
        """The same number."""
        return number


if __name__ == "__main__":
    config = HostConfig(port=int(os.environ["BENCH_PORT"]), gate=Path(os.environ["BENCH_GATE"]))
    uvloop.run(Host([First, Middle, Last], config).run())
