"""Releases made of source, to be described, compared, and really read and written by."""

from __future__ import annotations

import functools
import importlib.util
import itertools
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import NamedTuple

from hanse import Service
from hanse.runtime.description.describe_service import describe_services
from hanse.runtime.description.service_description import ProjectDescription

PRELUDE = """
import enum
from collections.abc import AsyncIterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Any, Literal
from uuid import UUID
from msgspec import UNSET, UnsetType
from hanse import *
"""

_numbers = itertools.count()


class Release(NamedTuple):
    """A release of the project `shop`, and its module."""

    project: ProjectDescription
    module: ModuleType


@functools.lru_cache(4096)
def release(source: str) -> Release:
    """What a source declares, as one release."""
    name = f"released_{next(_numbers)}"
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, f"{name}.py")
        path.write_text(PRELUDE + source)
        module = _imported(name, path)
        try:
            services = [
                one
                for one in vars(module).values()
                if isinstance(one, type) and issubclass(one, Service) and one.__module__ == name
            ]
            listed = [(f"shop:{one.__name__}", one) for one in services]
            return Release(describe_services("shop", listed), module)
        finally:
            del sys.modules[name]  # else its events were declared twice with those of the next


def _imported(name: str, path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
