"""Recommends products of the catalog."""

from boutique_catalog.api import Catalog

from boutique_recommendation import api
from boutique_recommendation.rules import recommended
from hanse import Service


class Recommendations(Service, api.Recommendations):
    """Asks the catalog each time, so that it never recommends what is no longer sold."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    async def list_recommendations(
        self, user_id: api.UserId, product_ids: api.Seen
    ) -> tuple[str, ...]:
        listed = await self._catalog.list_products()
        return recommended(listed.products, frozenset(product_ids), user_id, api.RECOMMENDED_MAX)
