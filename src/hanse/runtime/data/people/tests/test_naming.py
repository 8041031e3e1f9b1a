"""Texts that stand in clear are found by their tokens, however many there are."""

import pytest

from hanse.runtime.data.people.naming import AT_ONCE, texts_behind
from hanse.runtime.data.people.tests.crm import Crm
from hanse.testing import World

MANY = """
insert into hanse.subject_key (site_id, subject, purpose, mark, generation, wrapped)
select 'default', 'many-' || number, '', '', 1, '' from generate_series(1, $1) as number
"""


@pytest.fixture
async def world():
    async with World(Crm) as made:
        yield made


async def behind(world, *texts: str, site: str = "default") -> set[str]:
    token_of = world.database.keys.ring.token
    found = await texts_behind(world.database, site, {token_of(site, text) for text in texts})
    assert all(token_of(site, text) == token for token, text in found.items())
    return set(found.values())


async def test_each_of_many_is_found_and_what_is_nowhere_is_not(world):
    await world.database.execute(MANY, 2 * AT_ONCE + 1)
    names = {f"many-{number}" for number in (1, AT_ONCE, 2 * AT_ONCE + 1)}
    assert await behind(world, "nowhere", *names) == names
    assert await behind(world, *names, site="other") == set()


async def test_it_is_found_in_a_field_where_no_key_is_any_more(world):
    crm = world.get(Crm)
    ada = await crm.add_contact("Ada", "ada@example.org")
    await crm.add_note(ada, "t", author="auth0|17", remark="his remark")
    await world.database.execute("delete from hanse.subject_key")
    assert await behind(world, "auth0|17", "auth0|18") == {"auth0|17"}
