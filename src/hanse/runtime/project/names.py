"""What things are called in `hanse.toml`, and how a port is given there."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta

Port = Annotated[int, Meta(ge=0, le=65_535, description="a port is 0 to 65535, 0 for any free one")]
PortOrOff = Annotated[
    Annotated[int, Meta(ge=0, le=65_535)] | Literal["off"],  # not false, which counts as 0
    Meta(
        description=(
            'a port is 0 to 65535 without quotes, 0 for any free one; "off" for no open door'
        )
    ),
]
Name = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9]*([_-][a-z0-9]+)*$",
        max_length=60,
        description="a name is lower-case words joined with - or _, like web-shop",
    ),
]
ServiceName = Annotated[
    str,
    Meta(
        pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*$",
        description="a service is module:Class, like greeter.service:Greeter",
    ),
]
FolderName = Annotated[
    str,
    Meta(
        pattern=r"^[^/~\x00-\x1f][^\x00-\x1f]*$",
        max_length=200,
        description="a folder is relative to hanse.toml, like services/cart",
    ),
]
CollectionName = Annotated[
    str,
    Meta(
        pattern=r"^[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$",
        description='a collection is schema.table, like "hiring.jobs"',
    ),
]
