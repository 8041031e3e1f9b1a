"""Records a deployment that takes itself back, as a moving picture: `./hanse drill recording`."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from html import escape
from pathlib import Path
from typing import NamedTuple

from drills.command import down, hanse, users
from drills.day.faults import FAULTS
from drills.day.operators import Size
from drills.day.project import asks, names, write_project, write_release

PICTURE = Path(__file__).parent.parent / "docs/pictures/deploy-back.svg"
SIZE = Size(deployments=1, services=1, rate=200.0)
WIDE, LINE, MARGIN = 92, 20, 16
FURTHER = " " * 20
FASTER = 2.0
"""Times as fast as it was: said in the picture."""

REST_SECONDS = 6.0
"""At the end, before it begins anew."""

COLOURS = {"Good": "#7ee787", "Bad": "#ff7b72", "gone back": "#ff7b72"}


class Line(NamedTuple):
    """What stood on the terminal, and from when on."""

    at: float
    text: str


def recorded(folder: Path) -> list[Line]:
    """Deploys a release that fails for one of ten, while people use it; what the command says."""
    project = folder / "project"
    write_project(project, names(SIZE.services), SIZE.warm)
    fault = next(one for one in FAULTS if one.name == "errors 10 %")
    try:
        fleet = hanse(project, "up", seconds=300)
        with users(folder, fleet["url"], asks(names(SIZE.services)), SIZE.rate):
            write_release(project, "s00", 2, fault)
            return _said(project)
    finally:
        down(project)


def _said(project: Path) -> list[Line]:
    command = [sys.executable, "-m", "hanse.cli", "deploy"]
    begun = time.monotonic()
    found = [Line(0.0, "$ hanse deploy")]
    with subprocess.Popen(
        command, cwd=project, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as running:
        assert running.stdout is not None
        for text in running.stdout:
            found += [Line(time.monotonic() - begun, one) for one in wrapped(text.rstrip("\n"))]
    return found


def wrapped(text: str) -> list[str]:
    """A line as lines of the picture; what goes on stands below what it is about."""
    lines: list[str] = []
    rest = text
    while len(rest) > WIDE:
        cut = rest.rfind(" ", 0, WIDE)
        cut = cut if cut > WIDE // 2 else WIDE
        lines.append(rest[:cut])
        rest = FURTHER + rest[cut:].strip()
    return [*lines, rest]


def picture(lines: list[Line]) -> str:
    """As SVG that plays by itself, wherever SVG is shown."""
    whole = lines[-1].at / FASTER + REST_SECONDS
    colours: list[str] = []
    for line in lines:
        goes_on = line.text.startswith(FURTHER)
        colours.append(colours[-1] if goes_on else colour_of(line.text))
    high = 2 * MARGIN + LINE * (len(lines) + 1)
    wide = round(2 * MARGIN + 8.43 * WIDE)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}"',
        ' font-family="ui-monospace, Menlo, Consolas, monospace" font-size="14">',
        "<title>A release that fails for one of ten is taken back by itself</title>",
        f'<rect width="{wide}" height="{high}" rx="8" fill="#0d1117"/>',
        *(
            _shown(line, (number, colour), whole)
            for number, (line, colour) in enumerate(zip(lines, colours, strict=True))
        ),
        f'<text x="{MARGIN}" y="{high - MARGIN}" fill="#8b949e">{FASTER:g} times as fast</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def colour_of(text: str) -> str:
    """Of a line, by what it says."""
    return next((found for word, found in COLOURS.items() if word in text), "#e6edf3")


def _shown(line: Line, look: tuple[int, str], whole: float) -> str:
    """A line that is there from its moment on, in each round."""
    number, colour = look
    part = line.at / FASTER / whole
    y = MARGIN + LINE * (number + 1) - 5
    return (
        f'<text x="{MARGIN}" y="{y}" fill="{colour}" xml:space="preserve">{escape(line.text)}'
        f'<animate attributeName="opacity" dur="{whole:.1f}s" repeatCount="indefinite" '
        f'calcMode="discrete" values="0;1" keyTimes="0;{part:.4f}"/></text>'
    )


def main() -> int:
    """Records it, and puts it where the README shows it."""
    folder = Path(tempfile.mkdtemp(prefix="hanse-drill-", dir="/var/tmp"))
    lines = recorded(folder)
    PICTURE.write_text(picture(lines))
    sys.stdout.write("\n".join(line.text for line in lines) + f"\n\n{PICTURE}\n")
    return 0 if any(one.text.startswith("gone back") for one in lines) else 1
