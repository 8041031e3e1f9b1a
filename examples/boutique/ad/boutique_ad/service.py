"""Ads of the shop."""

from itertools import count

from boutique_ad import api
from boutique_ad.ads import BY_CATEGORY
from boutique_ad.rules import chosen
from hanse import Service


class Ads(Service, api.Ads):
    """Gives every ad its turn."""

    def __init__(self) -> None:
        self._turns = count()

    async def get_ads(self, context_keys: api.ContextKeys = ()) -> tuple[api.Ad, ...]:
        return chosen(BY_CATEGORY, context_keys, next(self._turns), api.ADS_MAX)
