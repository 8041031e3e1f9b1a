"""Does a drill by name: `python -m drills day [--deployments N] [--seed N] [--json]`."""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, cast

from drills import recording
from drills.day import DAY
from drills.drill import Drill
from drills.fleet import FLEET
from drills.patch import PATCH
from drills.regions import REGIONS

DOCS = Path(__file__).parent.parent / "docs/drills"
DRILLS: dict[str, Drill] = {"day": DAY, "fleet": FLEET, "patch": PATCH, "regions": REGIONS}


def main() -> int:
    """Does it, publishes, prints. Returns 0 if all goals are met, 1 if not."""
    options = _options()
    if options.name == "recording":
        return recording.main()
    drill = DRILLS[options.name]
    folder = options.again or Path(tempfile.mkdtemp(prefix="hanse-drill-", dir="/var/tmp"))
    if options.again is None:
        size = drill.size._make(getattr(options, name) for name in drill.size._fields)
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, signal.default_int_handler)
        os.environ.pop(
            "PYTHONDONTWRITEBYTECODE", None
        )  # hosts start often, and read what is compiled
        sys.stderr.write(f"What it leaves is in {folder}; again from there: --again {folder}\n")
        drill.run(folder, size)
    found = drill.report(folder)
    if options.publish:
        DOCS.mkdir(exist_ok=True)
        (DOCS / f"{options.name}.md").write_text(drill.page(found))
        (DOCS / f"{options.name}.svg").write_text(drill.chart(found))
        (DOCS / f"{options.name}.json").write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write((json.dumps(found) if options.json else drill.page(found)) + "\n")
    return 0 if all(found["met"].values()) and found.get("whole", True) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hanse drill", description=__doc__)
    names = parser.add_subparsers(dest="name", required=True)
    names.add_parser("recording", help="record the picture of the README")
    for name, drill in DRILLS.items():
        _add_options(names.add_parser(name), drill)
    return parser.parse_args()


def _add_options(parser: argparse.ArgumentParser, drill: Drill) -> None:
    for name, value in drill.size._asdict().items():
        kind = cast("Any", type(value))
        parser.add_argument(f"--{name}", type=kind, default=value, help=f"{value} if not given")
    parser.add_argument(
        "--again", type=Path, metavar="FOLDER", help="only the report, of a drill that was done"
    )
    parser.add_argument("--publish", action="store_true", help="write docs/drills")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")


if __name__ == "__main__":
    sys.exit(main())
