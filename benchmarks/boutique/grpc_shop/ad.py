"""Ads, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from itertools import count

from boutique_ad.ads import BY_CATEGORY
from boutique_ad.api import ADS_MAX
from boutique_ad.rules import chosen

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.wire import messages, rpc, serve, services

ADS = {
    ad: messages.Ad(redirect_url=ad.redirect_url, text=ad.text)
    for ads in BY_CATEGORY.values()
    for ad in ads
}


class Ads(services.AdServiceServicer):
    def __init__(self):
        self._turns = count()

    @rpc(checks.context_keys)
    async def GetAds(self, request):
        ads = chosen(BY_CATEGORY, request.context_keys, next(self._turns), ADS_MAX)
        return messages.AdResponse(ads=[ADS[ad] for ad in ads])


if __name__ == "__main__":
    serve("Ad", "ad", Ads)
