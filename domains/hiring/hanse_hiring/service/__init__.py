"""What runs of hiring: what staff keep, what the public asks, what stands around the openings."""

from hanse_hiring.service.correspondence import Correspondence
from hanse_hiring.service.hiring import Hiring
from hanse_hiring.service.jobs import Jobs
from hanse_hiring.service.kept import Applications, Employers, People, Pillars, Posts
from hanse_hiring.service.stories import Stories

__all__ = [
    "Applications",
    "Correspondence",
    "Employers",
    "Hiring",
    "Jobs",
    "People",
    "Pillars",
    "Posts",
    "Stories",
]
