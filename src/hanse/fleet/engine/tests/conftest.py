"""A state folder of its own for each test, and no process left behind by any."""

import os
import signal
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from hanse.fleet.state import StateFolder


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Relative, as processes of the fleet use it; whatever a test leaves running there is killed."""
    monkeypatch.chdir(tmp_path)
    folder = StateFolder(Path())
    folder.prepare()
    yield folder
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if process.pid != os.getpid() and Path(process.cwd()).is_relative_to(tmp_path):
                os.kill(process.pid, signal.SIGKILL)
