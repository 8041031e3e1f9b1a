"""Publishes a benchmark: JSON for programs, a table for people, and its section of the docs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from benchmarks import environment, machine

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.result import Result, ResultLine

PAGE = environment.ROOT / "docs" / "benchmarks.md"
RAW = environment.ROOT / "docs" / "benchmarks"

_INTRODUCTION = """\
# Benchmarks

Measured by `./hanse bench` with their names (and `fleet`); how, and by which rules, is in
`benchmarks/README.md`. The sections below are written by the runs themselves, raw rounds lie in
`docs/benchmarks/`. A ratio above 1 always means that Hanse is better, whichever way the metric
points; a result is met when ratio ≥ goal.
"""


class Measured(msgspec.Struct, frozen=True):
    """What one benchmark found: its results, how they were had, and every raw round."""

    name: str
    method: str
    results: list[Result]
    rounds: list[Any]


def as_json(measured: Measured) -> bytes:
    """The published form: name, machine and results, nothing else."""
    return msgspec.json.encode(
        {
            "name": measured.name,
            "machine": machine.describe() | {"versions": environment.versions()},
            "results": [result.line() for result in measured.results],
        }
    )


def publish(measured: Measured) -> None:
    """Write the raw rounds, and this benchmark's section of docs/benchmarks.md."""
    RAW.mkdir(parents=True, exist_ok=True)
    everything = msgspec.json.decode(as_json(measured))
    everything["rounds"] = measured.rounds
    raw = msgspec.json.format(msgspec.json.encode(everything), indent=1)
    (RAW / f"{measured.name}.json").write_bytes(raw + b"\n")
    replace_section(PAGE, measured.name, section(measured))


def replace_section(page: Path, name: str, text: str) -> None:
    """Put the text between the markers of this name; what stands around them stays."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    written = page.read_text() if page.exists() else _INTRODUCTION
    before, found, rest = written.partition(begin)
    after = rest.partition(end)[2] if found else "\n"
    if not found:
        before = before.rstrip() + "\n\n"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def section(measured: Measured) -> str:
    """The section as Markdown."""
    about = machine.describe()
    versions = ", ".join(f"{name} {version}" for name, version in environment.versions().items())
    goals = [result.met for result in measured.results if result.met is not None]
    rows = "\n".join(_row(result.line()) for result in measured.results)
    return f"""\
## {measured.name}

{measured.method}

{about["date"]}, {about["cpu"]}, {about["cores"]} cores, Linux {about["kernel"]},
Python {about["python"]}.
Versions: {versions}.
Goals met: {sum(goals)} of {len(goals)}.
Raw rounds: [{measured.name}.json](benchmarks/{measured.name}.json).

| metric | Hanse | unit | peer | peer's value | ratio | goal | met |
|---|---:|---|---|---:|---:|---:|---|
{rows}"""


def print_table(measured: Measured) -> None:
    """The results as a table on stdout."""
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"{measured.name} (a ratio above 1 means Hanse is better)")
    for heading in ("metric", "Hanse", "unit", "peer", "peer's value", "ratio", "goal", "met"):
        table.add_column(heading, overflow="fold")
    for result in measured.results:
        table.add_row(*_cells(result.line()))
    Console().print(table)


def _row(line: ResultLine) -> str:
    return "| " + " | ".join(_cells(line)) + " |"


def _cells(line: ResultLine) -> list[str]:
    met = {True: "met", False: "MISSED", None: ""}[line["met"]]
    if line["goal"] is not None and line["ratio"] is None:
        met = "not measured"
    return [
        line["metric"],
        _number(line["value"]),
        line["unit"],
        line["peer"],
        _number(line["peer_value"]),
        _number(line["ratio"]),
        _number(line["goal"]),
        met,
    ]


def _number(value: float | None) -> str:
    if value is None:
        return ""
    return f"{value:,.0f}" if value >= 1000 else f"{value:g}"
