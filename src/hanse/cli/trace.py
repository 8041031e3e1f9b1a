"""`hanse trace`: what requests did, out of the stores that `hanse dev` and `hanse up` keep."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime

import click
import msgspec

from hanse.cli.place import TRACES, project_folder, state_folder
from hanse.cli.refusal import Refused
from hanse.runtime.telemetry import waterfall as drawing
from hanse.runtime.telemetry.store import TraceStore, TraceSummary


def waterfall(trace_id: str, name: str, *, as_json: bool) -> None:
    """Draws one trace.

    Raises:
        Refused: There is none of that id.
        AmbiguousTrace: There are several.
    """
    try:
        spans = [span for store in _stores(name) for span in store.trace(trace_id)]
    except ValueError as error:
        raise Refused(f"{error}.") from error
    if not spans:
        raise Refused(f"No trace begins with {trace_id}. See the latest: hanse trace")
    if as_json:
        click.echo(_json([msgspec.structs.asdict(span) for span in spans]))
        return
    click.echo(drawing.waterfall(spans, shutil.get_terminal_size((100, 24)).columns), nl=False)


def recent(name: str, *, as_json: bool) -> None:
    """Lists the latest traces, the newest last, where one looks first."""
    found = sorted(
        (one for store in _stores(name) for one in store.recent()), key=lambda one: one.start_ns
    )
    if as_json:
        click.echo(_json(found))
    elif not found:
        click.echo("No request was recorded yet. Start `hanse dev` or `hanse up` and send one.")
    else:
        _table(found)


def _table(found: list[TraceSummary]) -> None:
    wide = max(len(one.name) for one in found)
    for one in found:
        begun = datetime.fromtimestamp(one.start_ns / 1e9, UTC).astimezone().strftime("%H:%M:%S")
        took = drawing.duration_text(one.duration_ns)
        failed = f"  ✗ {one.errors}" if one.errors else ""
        spans = f"{one.spans} span{'s' if one.spans > 1 else ''}"
        click.echo(f"{one.trace_id[:8]}  {begun}  {one.name:<{wide}}  {took:>7}  {spans}{failed}")
    click.echo("\nMore about one: hanse trace ID", err=True)


def _stores(name: str) -> list[TraceStore]:
    """What `hanse dev` keeps, and what the hosts of `hanse up` keep together."""
    state = state_folder(project_folder(), name)
    shared = state / "up" / TRACES
    return [TraceStore(folder) for folder in (state / TRACES, shared) if folder.exists()]


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=2).decode()
