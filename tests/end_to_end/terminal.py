"""A project in a folder of its own, and the program `hanse` run in it as a user would."""

import json
import os
import pty
import queue
import re
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Self

HANSE = (sys.executable, "-m", "hanse.cli")
PATIENCE_SECONDS = 60.0
"""How long anything may take on a busy machine before a test gives up."""


def clean_environment(**more: str) -> dict[str, str]:
    """The environment without what the suite itself was started with."""
    ours = ("HANSE_", "PYTEST_", "COV_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {"PYTHONUNBUFFERED": "1", "COLUMNS": "100"} | more


class Program:
    """A running `hanse`, whose output can be waited for."""

    def __init__(self, *arguments: str, folder: Path, program=HANSE, **environment: str) -> None:
        self.process = subprocess.Popen(
            [*program, *arguments],
            cwd=folder,
            env=clean_environment(**environment),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.output = ""
        self._lines: queue.Queue[str | None] = queue.Queue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE_SECONDS)
        if not self._reader.is_alive():  # else a process it left behind could still write
            assert self.process.stdout is not None
            self.process.stdout.close()

    def wait_for(self, pattern: str) -> re.Match[str]:
        """The first match in a line that was not read yet."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                line = self._lines.get(timeout=max(0.0, until - time.monotonic()))
            except queue.Empty:
                raise AssertionError(f"no {pattern!r} in time in:\n{self.output}") from None
            if line is None:
                raise AssertionError(f"it ended without {pattern!r}:\n{self.output}")
            self.output += line
            if found := re.search(pattern, line):
                return found

    def end(self, number: int = signal.SIGINT) -> int:
        """The exit code after a signal."""
        self.process.send_signal(number)
        return self.process.wait(PATIENCE_SECONDS)

    def rest(self) -> str:
        """What else it said, once it has ended."""
        said = ""
        while (line := self._lines.get(timeout=PATIENCE_SECONDS)) is not None:
            said += line
        return said

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self._lines.put(line)
        self._lines.put(None)


class Terminal:
    """A running `hanse` in a terminal of its own: what it shows, and what is typed there."""

    def __init__(self, *arguments: str, folder: Path) -> None:
        self._ours, theirs = pty.openpty()
        self.process = subprocess.Popen(
            [*HANSE, *arguments],
            cwd=folder,
            env=clean_environment(),
            preexec_fn=partial(os.login_tty, theirs),  # its keys are signals, as in any terminal
        )
        os.close(theirs)
        self._shown = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join(PATIENCE_SECONDS)
        os.close(self._ours)

    @property
    def shown(self) -> str:
        """All of it, without colours."""
        return re.sub(r"\x1b\[[0-9;]*m", "", self._shown.decode(errors="replace"))

    def press(self, keys: str) -> None:
        os.write(self._ours, keys.encode())

    def end(self) -> int:
        """Waits for its exit code."""
        code = self.process.wait(PATIENCE_SECONDS)
        self._reader.join(PATIENCE_SECONDS)
        return code

    def _read(self) -> None:
        with suppress(OSError):  # that is how a terminal says that nobody is there any more
            while read := os.read(self._ours, 65_536):
                self._shown += read


def hanse(*arguments: str, folder: Path, program=HANSE, **environment: str):
    """Runs `hanse` to its end."""
    return subprocess.run(
        [*program, *arguments],
        cwd=folder,
        env=clean_environment(**environment),
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS * 2,
        check=False,
    )


def fetch(url: str, body: object = None, **headers: str) -> tuple[int, str]:
    """Status and text of an answer; a body is sent as JSON."""
    sent = None if body is None else json.dumps(body).encode()
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(url, sent, {"content-type": "application/json"} | named)
    try:
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode()


def new_project(folder: Path, name: str = "greeter", *, port: int = 0) -> Path:
    """A project as `hanse new` makes it, on any free port."""
    made = hanse("new", name, folder=folder)
    assert made.returncode == 0, made.stderr
    file = folder / name / "hanse.toml"
    file.write_text(file.read_text().replace("port = 8000", f"port = {port}"))
    return folder / name


def edit(path: Path, old: str, new: str) -> None:
    """Saves a file with one thing changed."""
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))
