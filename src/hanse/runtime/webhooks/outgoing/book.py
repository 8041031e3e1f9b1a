"""What is kept of outgoing webhooks, all of it of the site of the running call."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.webhooks.outgoing.delivery import Attempt, StoredDelivery, StoredMessage
from hanse.runtime.webhooks.outgoing.endpoint import StoredEndpoint

if TYPE_CHECKING:
    from hanse.runtime.data.database import Database


class Book:
    """The collections of a host's webhooks.

    Attributes:
        database: Where they are.
        endpoints: Where a site wants its events sent.
        messages: Events.
        deliveries: Of those to endpoints.
        attempts: Tries to deliver.
    """

    def __init__(self, database: Database) -> None:
        self.database = database
        self.endpoints = _kept(StoredEndpoint, database)
        self.messages = _kept(StoredMessage, database)
        self.deliveries = _kept(StoredDelivery, database)
        self.attempts = _kept(Attempt, database)

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Self:
        return cls(database)


def _kept(entity: Any, database: Database) -> Collection[Any]:
    kind: Any = Collection
    return kind.__from_database__(kind[entity], database)
