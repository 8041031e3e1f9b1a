"""What the gateway is told besides the picture: where it listens, and every bound it holds."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

Count = Annotated[int, Meta(ge=1)]
Rate = Annotated[int, Meta(ge=0)]
Seconds = Annotated[float, Meta(gt=0)]
Port = Annotated[int, Meta(ge=0, le=65535)]

STATE = ".hanse/up"


class Limit(msgspec.Struct, frozen=True):
    """A token bucket; each address, or each key, has its own.

    Attributes:
        per_second: Requests it gets back each second; 0 for no limit at all.
        burst: Requests it holds at most.
    """

    per_second: Rate
    burst: Count


class GatewaySettings(msgspec.Struct, frozen=True, kw_only=True):
    """How Envoy listens and what it takes on. Sizes are bytes, times seconds, paths relative.

    Attributes:
        address: Interface of both ports.
        port: Of HTTP; 0 for any free one, another at every start.
        tls_port: Of HTTPS; None for none.
        redirect: Port of HTTPS, as the outside sees it, that plain requests are led to; None to
            serve them.
        strict_transport: Seconds for which browsers are to ask for a name by HTTPS alone; 0 to say
            nothing of it.
        own_files: Whether the certificate for any name is of files that somebody gave; browsers are
            bound to no name by one of the development authority.
        per_address: Requests of one address, of those who show no key too.
        per_key: Requests of one `Authorization` header, from wherever they come.
        buckets: Addresses and keys remembered; the least recently used is forgotten.
        workers: Threads that serve.
        connections: Open at once, of all clients together.
        requests: Under way at once to one service; further ones are answered by 503.
        streams: Under way at once on one connection of HTTP/2.
        header_bytes: Request line and headers together.
        headers: Number of header lines.
        header_timeout: From the first byte of a request to the end of its headers.
        body_timeout: From there to the end of its body.
        idle_timeout: Between two requests of a connection.
        silence: Without a byte in either direction while a request is under way.
        memory: Of the whole process; near it keep-alive ends, at it requests are refused.
        state: Folder of sockets and logs.
    """

    address: str = "127.0.0.1"
    port: Port = 8080
    tls_port: Port | None = 8443
    redirect: Port | None = None
    strict_transport: Rate = 0
    own_files: bool = False
    per_address: Limit = Limit(100, 200)
    per_key: Limit = Limit(200, 400)
    buckets: Count = 10_000
    workers: Count = 2
    connections: Count = 10_000
    requests: Count = 1024
    streams: Count = 100
    header_bytes: Count = 32 * 1024
    headers: Count = 100
    header_timeout: Seconds = 10.0
    body_timeout: Seconds = 60.0
    idle_timeout: Seconds = 60.0
    silence: Seconds = 300.0
    memory: Count = 1024 * 1024 * 1024
    state: str = STATE

    @property
    def ads_socket(self) -> str:
        return f"{self.state}/ads.sock"

    @property
    def admin_socket(self) -> str:
        return f"{self.state}/admin.sock"

    @property
    def access_log(self) -> str:
        return f"{self.state}/logs/access.log"
