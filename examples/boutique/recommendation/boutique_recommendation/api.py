"""What others may know of recommendations."""

from typing import Annotated

from boutique_catalog.api import ProductId

from hanse import PUBLIC, Contract, Length, rpc

__all__ = ["RECOMMENDED_MAX", "Recommendations"]

RECOMMENDED_MAX = 4
"""Products recommended at once."""


class Recommendations(Contract, package="recommendation.v1"):
    """What else somebody may like. Only services call it."""

    @rpc(allow=PUBLIC, idempotent=True, concurrency=1024)
    async def list_recommendations(
        self,
        user_id: Annotated[str, Length(1, 128)],
        product_ids: Annotated[tuple[ProductId, ...], Length(0, 64)],
    ) -> tuple[str, ...]:
        """Products near those given and never one of them, four at most; alike whenever asked.

        Where nothing is near, and among what is equally near, what a visitor sees is the visitor's
        own choice of all the shop has.
        """
        ...
