"""Puts the library on Python's path."""

# ruff: noqa: INP001  a conftest.py is no module of a package

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
