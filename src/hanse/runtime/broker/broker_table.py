"""`[broker]` of `hanse.toml`: which NATS a project's events go by."""

from __future__ import annotations

from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from hanse.runtime.broker.broker_config import STREAM_BYTES, BrokerConfig
from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import Settings, Sources, load

SECTION = "broker"
VARIABLE = "HANSE_BROKER__URL"

UrlWithoutPassword = Annotated[
    str,
    Meta(
        pattern=r"^(nats|tls)://([^:@/,\s]*@)?[^@\s]+$",
        description="a URL is like nats://user@host:4222 or tls://…, without a password: one with "
        f"a password comes whole from the variable {VARIABLE} or a mounted file {SECTION}.url",
    ),
]


class BrokerTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[broker]`: see `BrokerConfig`.

    Attributes:
        url: Where it is, unless the environment or a mounted file says.
    """

    url: UrlWithoutPassword | None = None
    stream_bytes: Annotated[
        int, Meta(ge=1024**2, le=1024**4, description="1 MiB to 1 TiB, in bytes")
    ] = STREAM_BYTES
    replicas: Annotated[Literal[1, 3, 5], Meta(description="1, 3 or 5 servers")] = 1


class BrokerSettings(Settings):
    """What of a broker is no business of a file in version control.

    Attributes:
        url: With its password; None if nobody gave it.
    """

    url: Secret | None = None


def read_broker(table: BrokerTable, sources: Sources) -> BrokerConfig | None:
    """The broker of a project; None if nobody says where it is.

    Raises:
        SettingsError: It is there and cannot be used.
        ValueError: The URL is none.
    """
    outside = msgspec.structs.replace(sources, tables={})
    settings = cast("BrokerSettings", load({SECTION: BrokerSettings}, outside)[SECTION])
    url = settings.url or (Secret(table.url) if table.url else None)
    if url is None:
        return None
    return BrokerConfig(url=url, stream_bytes=table.stream_bytes, replicas=table.replicas)
