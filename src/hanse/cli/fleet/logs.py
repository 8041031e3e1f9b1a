"""`hanse logs`: what the processes of a fleet wrote, in one stream."""

from __future__ import annotations

import heapq
import json
import re
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

    from hanse.fleet.state import StateFolder

LOOK_SECONDS = 0.2
LINE_BYTES_MAX = 64 * 1024
STAMP_LENGTH = 64
_STAMP = re.compile(r"(\d{4})[-/](\d\d)[-/](\d\d)[T ](\d\d:\d\d:\d\d(?:\.\d+)?)")
"""As Envoy, PostgreSQL and NATS write it."""

_LEVELS = {"warning": "yellow", "error": "red", "critical": "red"}
_COLOURS = ("cyan", "magenta", "green", "blue", "bright_cyan", "bright_magenta")
_PLAIN = ("time", "level", "logger", "message", "stack")


class Line(NamedTuple):
    """One line of a log; sorts by when it was written, as far as it says so."""

    time: str
    process: str
    text: str


class LogFile:
    """Reads one log from where it last stopped; begins anew when the file does.

    Args:
        path: The file.
        region: Whose; empty for what all regions share.
    """

    def __init__(self, path: Path, region: str = "") -> None:
        begun = f"{region}." if region else ""
        self.process = path.stem if path.stem.startswith(begun) else begun + path.stem
        self._names = {self.process, self.process.removeprefix(begun)}
        self._path = path
        self._place = 0
        self._time = ""

    def answers_to(self, name: str) -> bool:
        """Whether it is that of a process or a group of this name."""
        groups = {one.rpartition("-")[0] for one in self._names}
        is_gateway = any(one.replace("access", "gateway") == name for one in self._names)
        return name in self._names | groups or is_gateway

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
        self._time = _time_of(text) or self._time
        return Line(self._time, self.process, text)


def logs(names: tuple[str, ...], count: int, *, follow: bool, as_json: bool) -> None:
    """Shows the newest lines, and with `follow` those that come.

    Raises:
        Refused: A name is that of no log, or there are none.
    """
    state = enter_project()
    files = _chosen(state, names)
    wide = max(len(file.process) for file in files)
    merged = heapq.merge(*(file.last(count) for file in files), key=lambda line: line.time)
    _show(deque(merged, count), wide, as_json=as_json)
    try:
        while follow:
            time.sleep(LOOK_SECONDS)
            known = {file.process for file in files}
            files += [file for file in _all(state, names) if file.process not in known]
            new = (line for file in files for line in file.new())
            _show(sorted(new, key=lambda line: line.time), wide, as_json=as_json)
    except KeyboardInterrupt:
        click.echo()


def _chosen(state: StateFolder, names: tuple[str, ...]) -> list[LogFile]:
    found = _all(state, ())
    if not found:
        raise Refused("There are no logs yet. Start something: hanse up")
    for name in names:
        if not any(file.answers_to(name) for file in found):
            there_are = ", ".join(file.process for file in found)
            raise Refused(f"No process is called {name}; logs are there of {there_are}.")
    return _all(state, names)


def _all(state: StateFolder, names: tuple[str, ...]) -> list[LogFile]:
    """Logs of processes and groups of these names; of all, if there are none."""
    parts = [state, *(one for one in state.regions() if one.region)]
    files = [LogFile(path, one.region) for one in parts for path in sorted(one.logs.glob("*.log"))]
    return [file for file in files if not names or any(map(file.answers_to, names))]


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


def _time_of(text: str) -> str:
    """When a line was written, as text that sorts; empty if it does not say."""
    said = _fields(text).get("time")
    if said is not None:
        return str(said)
    found = _STAMP.search(text[:STAMP_LENGTH])
    return f"{found[1]}-{found[2]}-{found[3]}T{found[4]}" if found else ""


def _fields(text: str) -> dict[str, Any]:
    """What a line of JSON says; nothing, if it is none."""
    if not text.startswith("{"):
        return {}
    try:
        return msgspec.json.decode(text, type=dict[str, Any])
    except msgspec.MsgspecError:
        return {}
