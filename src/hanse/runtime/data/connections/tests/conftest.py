"""Databases to test with."""

from hanse.runtime.data.tests.servers import *  # noqa: F403  fixtures are found by being there
