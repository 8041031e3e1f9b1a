"""Webhooks: what other systems are told over HTTP. See `docs/how-to/webhooks.md`."""

from hanse.runtime.contract.incoming.incoming import Incoming
from hanse.runtime.webhooks.incoming.incoming_webhooks import IncomingWebhooks
from hanse.runtime.webhooks.incoming.verifier import (
    GitHubWebhooks,
    NotVerified,
    StandardWebhooks,
    StripeWebhooks,
    Verified,
    Verifier,
)
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
    "GitHubWebhooks",
    "Incoming",
    "IncomingWebhooks",
    "NewEndpoint",
    "NotVerified",
    "Replayed",
    "StandardWebhooks",
    "StillUnderWay",
    "StripeWebhooks",
    "Verified",
    "Verifier",
    "WebhookDeliveries",
    "WebhookDelivery",
    "WebhookSettings",
    "Webhooks",
]
