"""A shop to send shoppers into."""

import pytest

from examples.boutique.storefront.tests.shop_world import opened


@pytest.fixture
async def shop():
    async with opened() as one:
        yield one
