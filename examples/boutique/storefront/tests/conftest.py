"""A shop to test, for every test that asks for one."""

import pytest

from examples.boutique.storefront.tests.shop_world import opened


@pytest.fixture
async def shop():
    async with opened() as one:
        yield one


@pytest.fixture
def open_shop():
    return opened
