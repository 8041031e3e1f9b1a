"""The brokers of four regions, of which three hold the streams."""

from pathlib import Path

import pytest

from hanse.fleet.engine.brokers.tests.cluster import Cluster


@pytest.fixture(scope="module")
def four(tmp_path_factory: pytest.TempPathFactory):
    with Cluster(Path(tmp_path_factory.mktemp("four")), 4) as cluster:
        yield cluster
