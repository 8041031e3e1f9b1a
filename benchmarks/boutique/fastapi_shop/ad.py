"""Ads, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from itertools import count
from typing import Annotated

from boutique_ad.ads import BY_CATEGORY
from boutique_ad.api import ADS_MAX
from boutique_ad.rules import chosen
from fastapi import Query, Request

from benchmarks.boutique.fastapi_shop.models import Ad, AdList, text
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve

ContextKeys = Annotated[
    list[Annotated[str, text(1, 64)]], Query(default_factory=list, max_length=32)
]

app = application()
turns = count()
ADS = {
    ad: Ad(redirect_url=ad.redirect_url, text=ad.text) for ads in BY_CATEGORY.values() for ad in ads
}


@app.get("/ads")
async def get_ads(
    request: Request,
    context_key: ContextKeys,
) -> AdList:
    join_trace(request)
    return AdList(ads=[ADS[ad] for ad in chosen(BY_CATEGORY, context_key, next(turns), ADS_MAX)])


if __name__ == "__main__":
    serve(app, "ad")
