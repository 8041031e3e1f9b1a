"""`hanse logs`: what the processes of a fleet wrote, in one stream."""

from __future__ import annotations

import heapq
import json
import time
from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

import click
import msgspec

from hanse.cli.fleet.connection import enter_project
from hanse.cli.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

LOOK_SECONDS = 0.2
LINE_BYTES_MAX = 64 * 1024
_LEVELS = {"warning": "yellow", "error": "red", "critical": "red"}
_COLOURS = ("cyan", "magenta", "green", "blue", "bright_cyan", "bright_magenta")
_PLAIN = ("time", "level", "logger", "message", "stack")


class Line(NamedTuple):
    """One line of a log; sorts by when it was written, as far as it says so."""

    time: str
    process: str
    text: str


class LogFile:
    """Reads one log from where it last stopped; begins anew when the file does."""

    def __init__(self, path: Path) -> None:
        self.process = path.stem
        self._path = path
        self._place = 0
        self._time = ""

    def last(self, count: int) -> list[Line]:
        """The newest lines; what comes later is for `new`."""
        return list(deque(self.new(), count))

    def new(self) -> Iterator[Line]:
        """Whole lines that were written since the last look."""
        try:
            with self._path.open("rb") as file:
                if file.seek(0, 2) < self._place:
                    self._place = 0
                file.seek(self._place)
                while (raw := file.readline(LINE_BYTES_MAX)).endswith(b"\n"):
                    self._place = file.tell()
                    yield self._line(raw.decode(errors="replace").rstrip())
        except FileNotFoundError:
            self._place = 0

    def _line(self, text: str) -> Line:
        # A line without a time belongs to the one before it, like those of a stack.
        self._time = str(_fields(text).get("time", self._time))
        return Line(self._time, self.process, text)


def logs(names: tuple[str, ...], count: int, *, follow: bool, as_json: bool) -> None:
    """Shows the newest lines, and with `follow` those that come.

    Raises:
        Refused: A name is that of no log, or there are none.
    """
    folder = enter_project().logs
    files = _chosen(folder, names)
    wide = max(len(file.process) for file in files)
    merged = heapq.merge(*(file.last(count) for file in files), key=lambda line: line.time)
    _show(deque(merged, count), wide, as_json=as_json)
    while follow:
        time.sleep(LOOK_SECONDS)
        known = {file.process for file in files}
        files += [file for file in _all(folder) if not names and file.process not in known]
        _show(sorted(line for file in files for line in file.new()), wide, as_json=as_json)


def _chosen(folder: Path, names: tuple[str, ...]) -> list[LogFile]:
    found = _all(folder)
    if not found:
        raise Refused("There are no logs yet. Start something: hanse up")
    chosen = [
        file
        for file in found
        if not names or file.process in names or file.process.rpartition("-")[0] in names
    ]
    if not chosen:
        there_are = ", ".join(file.process for file in found)
        raise Refused(f"No process is called {' or '.join(names)}; logs are there of {there_are}.")
    return chosen


def _all(folder: Path) -> list[LogFile]:
    return [LogFile(path) for path in sorted(folder.glob("*.log"))]


def _show(lines: Iterable[Line], wide: int, *, as_json: bool) -> None:
    for line in lines:
        click.echo(_tagged(line) if as_json else _drawn(line, wide))


def _tagged(line: Line) -> str:
    fields = _fields(line.text) or {"message": line.text}
    return json.dumps({"process": line.process, **fields}, ensure_ascii=False)


def _drawn(line: Line, wide: int) -> str:
    colour = _COLOURS[sum(line.process.encode()) % len(_COLOURS)]
    name = click.style(f"{line.process:<{wide}}", fg=colour)
    fields = _fields(line.text)
    if "path" in fields and "status" in fields:
        return f"{name}  {_access(fields)}"
    if "message" not in fields:
        return f"{name}  {line.text}"
    level = str(fields.get("level", ""))
    said = click.style(str(fields["message"]), fg=_LEVELS.get(level))
    more = "".join(f"  {key}={value}" for key, value in fields.items() if key not in _PLAIN)
    stack = "".join(f"\n{'':<{wide}}    {row}" for row in str(fields.get("stack", "")).splitlines())
    return (
        f"{name}  {str(fields.get('time', ''))[11:23]}  {said}{click.style(more, dim=True)}{stack}"
    )


def _access(fields: dict[str, Any]) -> str:
    """A line of the gateway's log: what was asked, what became of it, where to look further."""
    status = str(fields["status"])
    colour = {"4": "yellow", "5": "red"}.get(status[:1])
    asked = f"{fields.get('method', '')} {fields['path']}"
    told = f"{fields.get('milliseconds', 0)} ms  {fields.get('service', fields.get('reason', ''))}"
    trace = click.style(f"  trace {fields.get('trace_id', '')[:8]}", dim=True)
    when = str(fields.get("time", ""))[11:23]
    return f"{when}  {click.style(status, fg=colour)} {asked}  {told}{trace}"


def _fields(text: str) -> dict[str, Any]:
    """What a line of JSON says; nothing, if it is none."""
    if not text.startswith("{"):
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
