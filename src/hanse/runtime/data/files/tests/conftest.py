"""Databases and file stores to test with."""

from hanse.runtime.data.files.tests.stores import *  # noqa: F403  fixtures are found by being there
from hanse.runtime.data.tests.servers import *  # noqa: F403  as above
