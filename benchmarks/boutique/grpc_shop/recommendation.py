"""Recommendations, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from boutique_recommendation.api import RECOMMENDED_MAX
from boutique_recommendation.rules import recommended

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.clients import Catalog
from benchmarks.boutique.grpc_shop.wire import messages, rpc, serve, services


class Recommendations(services.RecommendationServiceServicer):
    def __init__(self):
        self._catalog = Catalog("ProductCatalog", "catalog")

    @rpc(checks.near)
    async def ListRecommendations(self, request):
        listed = await self._catalog.list_products()
        seen = frozenset(request.product_ids)
        near = recommended(listed.products, seen, request.user_id, RECOMMENDED_MAX)
        return messages.RecommendationResponse(product_ids=near)


if __name__ == "__main__":
    serve("Recommendation", "recommendation", Recommendations)
