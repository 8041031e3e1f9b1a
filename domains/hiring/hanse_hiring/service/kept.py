"""What staff keep by its API: each an entity, with who may read and write it."""

from __future__ import annotations

from hanse import PUBLIC, Resource, permission
from hanse_hiring import api

READ_APPLICATIONS = permission("hiring.applications.read")
WRITE_APPLICATIONS = permission("hiring.applications.write")
WRITE_STORY = permission("hiring.story.write")


class Applications(Resource[api.Application], read=READ_APPLICATIONS, write=WRITE_APPLICATIONS):
    """Who applied. Why apart from jobs: who edits a job need not know who wants it."""


class Employers(Resource[api.Employer], read=PUBLIC, write=WRITE_STORY):
    """Who hires, and what its site says of it."""


class Pillars(Resource[api.Pillar], read=PUBLIC, write=WRITE_STORY):
    """What the organisation stands on."""


class Posts(Resource[api.Post], read=PUBLIC, write=WRITE_STORY):
    """What people there wrote."""


class People(Resource[api.Person], read=PUBLIC, write=WRITE_STORY):
    """People who work there, in their own words."""
