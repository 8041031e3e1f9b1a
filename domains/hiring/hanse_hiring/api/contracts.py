"""What the public may ask of hiring."""

from __future__ import annotations

from hanse import PUBLIC, Contract, rpc
from hanse_hiring.api.errors import (
    AlreadyApplied,
    FileGone,
    JobClosed,
    NoSuchJob,
    NoSuchPost,
    TooManyApplications,
)
from hanse_hiring.api.shown import Board, Candidate, Receipt, Story, Vacancy
from hanse_hiring.api.stored import Post
from hanse_hiring.api.words import Chosen, ExternalId


class Hiring(Contract, package="hiring.v1"):
    """What the public may know of jobs, and how somebody applies for one."""

    @rpc("GET /hiring/v1/openings", allow=PUBLIC)
    async def find_openings(
        self, team: Chosen = (), location: Chosen = (), tag: Chosen = ()
    ) -> Board:
        """Openings that have one of the values of each facet; without any, all of them."""
        ...

    @rpc("GET /hiring/v1/openings/{external_id}", allow=PUBLIC, errors=(NoSuchJob, JobClosed))
    async def get_opening(self, external_id: ExternalId) -> Vacancy:
        """One open job."""
        ...

    @rpc(
        "POST /hiring/v1/openings/{external_id}/applications",
        allow=PUBLIC,
        errors=(NoSuchJob, JobClosed, AlreadyApplied, TooManyApplications, FileGone),
        body="candidate",
    )
    async def apply(self, external_id: ExternalId, candidate: Candidate) -> Receipt:
        """Applies; whoever calls says by it that the person agreed to the privacy note."""
        ...


class Stories(Contract, package="hiring.v1"):
    """What an employer says of itself, and its people in their own words."""

    @rpc("GET /hiring/v1/story", allow=PUBLIC)
    async def get_story(self) -> Story:
        """All of it, without the text of the posts."""
        ...

    @rpc("GET /hiring/v1/story/posts/{external_id}", allow=PUBLIC, errors=(NoSuchPost,))
    async def get_post(self, external_id: ExternalId) -> Post:
        """One post, whole."""
        ...
