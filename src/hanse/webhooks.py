"""Webhooks: what other systems are told over HTTP. See `docs/how-to/webhooks.md`."""

from hanse.runtime.webhooks.outgoing.delivery import (
    Attempt,
    Replayed,
    WebhookDeliveries,
    WebhookDelivery,
)
from hanse.runtime.webhooks.outgoing.desk import StillUnderWay
from hanse.runtime.webhooks.outgoing.endpoint import Endpoint, EndpointDisabled, NewEndpoint
from hanse.runtime.webhooks.outgoing.settings import WebhookSettings
from hanse.runtime.webhooks.outgoing.webhooks import Webhooks

__all__ = [
    "Attempt",
    "Endpoint",
    "EndpointDisabled",
    "NewEndpoint",
    "Replayed",
    "StillUnderWay",
    "WebhookDeliveries",
    "WebhookDelivery",
    "WebhookSettings",
    "Webhooks",
]
