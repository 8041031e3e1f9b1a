"""`hanse test`: runs pytest in the project, with the Python that hanse itself runs on."""

from __future__ import annotations

import os
import sys

from hanse.cli.place import project_folder


def test(arguments: tuple[str, ...]) -> None:
    """Becomes pytest; its exit code is that of the command."""
    os.chdir(project_folder())
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])  # noqa: S606 - our own
