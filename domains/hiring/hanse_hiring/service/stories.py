"""What an employer says of itself, gathered for whoever shows it."""

from __future__ import annotations

from asyncio import gather

import msgspec

from hanse import Collection, Service
from hanse_hiring import api

EACH_MAX = 100
"""Pillars, posts and people on a site; who has more shows the newest, or the first."""

NOBODY = api.Employer(external_id="employer", name="Careers")
"""Who hires on a site that has not said so yet."""


class Stories(Service, api.Stories):
    """Tells who hires. Why: what stands around openings is edited by those whose story it is."""

    def __init__(
        self,
        employers: Collection[api.Employer],
        pillars: Collection[api.Pillar],
        posts: Collection[api.Post],
        people: Collection[api.Person],
    ) -> None:
        self._employers = employers
        self._pillars = pillars
        self._posts = posts
        self._people = people

    async def get_story(self) -> api.Story:
        """All of it, without the text of the posts."""
        employers, pillars, posts, people = await gather(
            self._employers.query({}, page_size=1),
            self._pillars.query({}, page_size=EACH_MAX),
            self._posts.query({}, page_size=EACH_MAX),
            self._people.query({}, page_size=EACH_MAX),
        )
        newest = sorted(posts.items, key=lambda one: (one.published, one.title), reverse=True)
        return api.Story(
            employers.items[0] if employers.items else NOBODY,
            tuple(sorted(pillars.items, key=lambda one: (one.place, one.title))),
            tuple(msgspec.convert(one, api.PostLine, from_attributes=True) for one in newest),
            tuple(sorted(people.items, key=lambda one: (one.place, one.name))),
        )

    async def get_post(self, external_id: api.ExternalId) -> api.Post:
        """One post, whole."""
        found = (await self._posts.query({"external_id": external_id})).items
        if not found:
            raise api.NoSuchPost("There is no such post.")
        return found[0]
