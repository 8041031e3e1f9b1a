"""Puts the domains' distributions on Python's path, and every test in both placements."""

# ruff: noqa: INP001  a conftest.py is no module of a package

import sys
from pathlib import Path

import pytest

FOLDERS = sorted(path.parent for path in Path(__file__).parent.glob("*/pyproject.toml"))

sys.path[:0] = [str(folder) for folder in FOLDERS if str(folder) not in sys.path]


@pytest.fixture(params=[False, True], ids=["together", "apart"])
def apart(request: pytest.FixtureRequest) -> bool:
    """Whether calls go over a socket; one suite passes both."""
    return request.param
