"""A careers site to test, for every test that asks for one."""

import pytest

from domains.hiring.tests.careers_world import opened


@pytest.fixture
async def careers(apart):
    async with opened(apart=apart) as one:
        yield one


@pytest.fixture
def open_careers():
    return opened
