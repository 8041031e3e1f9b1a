"""`[mail]` of `hanse.toml`: by which server a project's letters go, and whose they are."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal, cast

import msgspec
from msgspec import Meta

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.secret import Secret
from hanse.runtime.config.settings import Settings, Sources, load
from hanse.runtime.mail.mail_config import CONNECTIONS, TIMEOUT_SECONDS, MailConfig

SECTION = "mail"
VARIABLE = "HANSE_MAIL__URL"

UrlWithoutPassword = Annotated[
    str,
    Meta(
        pattern=r"^smtps?://([^:@/\s]*@)?[^@/\s]+$",
        description="a URL is like smtp://user@mail.example.org:587 or smtps://…, without a "
        f"password: one with a password comes whole from the variable {VARIABLE} or a mounted "
        f"file {SECTION}.url",
    ),
]
Sender = Annotated[
    str,
    Meta(
        pattern=r"^[^@\s<>]+@[^@\s<>]+$",
        max_length=254,
        description='a sender is like "careers@example.org"; its name is sender_name',
    ),
]


class MailTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[mail]`: see `MailConfig`.

    Attributes:
        url: Where the server is, unless the environment or a mounted file says.
        authority: Relative to the project's folder.
    """

    url: UrlWithoutPassword | None = None
    sender: Sender | None = None
    sender_name: Annotated[str, Meta(max_length=200, description="200 characters at most")] = ""
    tls: Annotated[Literal["required", "off"], Meta(description='"required" or "off"')] = "required"
    authority: str | None = None
    connections: Annotated[int, Meta(ge=1, le=100, description="1 to 100 connections")] = (
        CONNECTIONS
    )
    timeout: Annotated[float, Meta(gt=0, le=600, description="more than 0 to 600 seconds")] = (
        TIMEOUT_SECONDS
    )


class MailSettings(Settings):
    """What of a mail server is no business of a file in version control.

    Attributes:
        url: With its password; None if nobody gave it.
    """

    url: Secret | None = None


def read_mail(table: MailTable, sources: Sources, folder: Path) -> MailConfig | None:
    """The mail of a project; None if nobody says where it goes.

    Raises:
        SettingsError: The URL is there and cannot be used.
        ConfigurationError: It is none, or nobody says whose letters they are.
    """
    outside = msgspec.structs.replace(sources, tables={})
    settings = cast("MailSettings", load({SECTION: MailSettings}, outside)[SECTION])
    url = settings.url or (Secret(table.url) if table.url else None)
    if url is None:
        return None
    try:
        return MailConfig(
            url=url,
            sender=table.sender or "",
            sender_name=table.sender_name,
            tls=table.tls,
            authority=folder / table.authority if table.authority else None,
            connections=table.connections,
            timeout=table.timeout,
        )
    except ValueError as error:
        raise ConfigurationError(str(error)) from None
