"""For a server: `uvicorn --factory lending.main:app`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from lending.app import create_app

if TYPE_CHECKING:
    from fastapi import FastAPI


def app() -> FastAPI:
    """The app, of what the surroundings say."""
    return create_app(
        os.environ["LENDING_DATABASE"],
        os.environ["LENDING_BROKER"],
        Path(os.environ["LENDING_KEYS"]),
    )
