"""Recommendations, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from typing import Annotated

from boutique_recommendation.api import RECOMMENDED_MAX
from boutique_recommendation.rules import recommended
from fastapi import Query, Request

from benchmarks.boutique.fastapi_shop.clients import Catalog
from benchmarks.boutique.fastapi_shop.models import ProductId, Recommended, UserId
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve

Seen = Annotated[list[ProductId], Query(default_factory=list, max_length=64)]

catalog = Catalog("catalog")
app = application(catalog)


@app.get("/recommendations/{user_id}")
async def list_recommendations(
    user_id: UserId,
    request: Request,
    product_id: Seen,
) -> Recommended:
    join_trace(request)
    listed = await catalog.list_products()
    near = recommended(listed.products, frozenset(product_id), user_id, RECOMMENDED_MAX)
    return Recommended(product_ids=list(near))


if __name__ == "__main__":
    serve(app, "recommendation")
