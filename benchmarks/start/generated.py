"""Copies the one service into many, each a module with names and types of its own."""

from __future__ import annotations

import importlib
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

NUMBER = "0000"


def write(template: Path, folder: Path, count: int) -> None:
    """Write `count` copies of the template, numbered from 1, into the folder."""
    text = template.read_text()
    for number in range(1, count + 1):
        (folder / f"service_{number:04d}.py").write_text(text.replace(NUMBER, f"{number:04d}"))


def modules() -> list[ModuleType]:
    """Import the copies a host is told to serve by BENCH_GENERATED and BENCH_SERVICES."""
    sys.path.insert(0, os.environ["BENCH_GENERATED"])
    count = int(os.environ["BENCH_SERVICES"])
    return [importlib.import_module(f"service_{number:04d}") for number in range(1, count + 1)]
