"""Databases to test with, and a post office."""

from hanse.runtime.data.tests.servers import *  # noqa: F403  fixtures are found by being there
from hanse.runtime.mail.tests.post_office import office  # noqa: F401  as above
