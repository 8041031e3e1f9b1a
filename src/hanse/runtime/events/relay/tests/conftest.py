"""Databases and brokers to test with."""

from hanse.runtime.broker.tests.conftest import broker, server  # noqa: F401  fixtures are found by being there
from hanse.runtime.data.tests.servers import *  # noqa: F403  as above
