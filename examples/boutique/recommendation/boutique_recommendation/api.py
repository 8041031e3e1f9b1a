"""What others may know of recommendations."""

from typing import Annotated

from boutique_catalog.api import ProductId

from hanse import PUBLIC, Contract, Length, rpc

__all__ = ["RECOMMENDED_MAX", "Recommendations", "Seen", "UserId"]

RECOMMENDED_MAX = 4
"""Products recommended at once."""

UserId = Annotated[str, Length(1, 128)]
"""Who is recommended to: what the storefront gave a visitor to come back with."""

Seen = Annotated[tuple[ProductId, ...], Length(0, 64)]
"""Products somebody looks at, or has in the cart."""


class Recommendations(Contract, package="recommendation.v1"):
    """What else somebody may like. Only services call it."""

    @rpc(allow=PUBLIC, idempotent=True, concurrency=1024)
    async def list_recommendations(self, user_id: UserId, product_ids: Seen) -> tuple[str, ...]:
        """Products near those given and never one of them, four at most; alike whenever asked.

        Where nothing is near, and among what is equally near, what a visitor sees is the visitor's
        own choice of all the shop has.
        """
        ...
