"""File stores to test with."""

from hanse.runtime.data.files.tests.stores import *  # noqa: F403  fixtures are found by being there
