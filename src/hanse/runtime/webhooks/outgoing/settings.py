"""What a project says of its outgoing webhooks."""

from __future__ import annotations

from hanse.runtime.config.settings import Settings


class WebhookSettings(Settings, frozen=True):
    """Opens what is closed to webhooks, for development, tests and networks of one's own.

        [hooks]                              # as the class that was made of Webhooks is called
        http = true
        networks = ["127.0.0.0/8"]

    Attributes:
        http: Whether endpoints may have plain HTTP.
        networks: Networks that may be reached although they are not public.
    """

    http: bool = False
    networks: tuple[str, ...] = ()
