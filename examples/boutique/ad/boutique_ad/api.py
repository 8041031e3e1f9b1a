"""What others may know of ads."""

from typing import Annotated

from hanse import PUBLIC, Contract, Length, Struct, rpc

__all__ = ["ADS_MAX", "Ad", "Ads", "ContextKeys"]

ADS_MAX = 2
"""Ads given at once."""

ContextKeys = Annotated[tuple[Annotated[str, Length(1, 64)], ...], Length(0, 32)]
"""What a page is about: categories of the products on it."""


class Ad(Struct, frozen=True):
    """A sentence, and where it leads.

    Attributes:
        redirect_url: Path below the storefront's address.
        text: What to show.
    """

    redirect_url: str
    text: str


class Ads(Contract, package="ad.v1"):
    """What the shop points out beside what somebody looks at. Only services call it."""

    @rpc(allow=PUBLIC, idempotent=True, concurrency=1024)
    async def get_ads(self, context_keys: ContextKeys = ()) -> tuple[Ad, ...]:
        """One ad or two that suit the keys, which are categories; any, where none does."""
        ...
