"""Does a drill by name: `python -m drills day [--deployments N] [--seed N] [--json]`."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from drills import recording
from drills.day.chart import chart
from drills.day.page import page
from drills.day.report import report
from drills.day.run import Size, run

DOCS = Path(__file__).parent.parent / "docs/drills"


def main() -> int:
    """Does it, publishes, prints. Returns 0 if all goals are met, 1 if not."""
    options = _options()
    if options.name == "recording":
        return recording.main()
    folder = options.again or Path(tempfile.mkdtemp(prefix="hanse-drill-", dir="/var/tmp"))
    if options.again is None:
        size = Size(*(getattr(options, name) for name in Size._fields))
        sys.stderr.write(f"What it leaves is in {folder}; again from there: --again {folder}\n")
        run(folder, size)
    found = report(folder)
    if options.publish:
        DOCS.mkdir(exist_ok=True)
        (DOCS / "day.md").write_text(page(found))
        (DOCS / "day.svg").write_text(chart(found))
        (DOCS / "day.json").write_text(json.dumps(found, indent=1) + "\n")
    sys.stdout.write((json.dumps(found) if options.json else page(found)) + "\n")
    return 0 if all(found["met"].values()) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hanse drill", description=__doc__)
    parser.add_argument("name", choices=["day", "recording"])
    size = Size()
    for name in Size._fields:
        value = getattr(size, name)
        kind = float if isinstance(value, float) else int
        parser.add_argument(f"--{name}", type=kind, default=value, help=f"{value} if not given")
    parser.add_argument(
        "--again", type=Path, metavar="FOLDER", help="only the report, of a drill that was done"
    )
    parser.add_argument("--publish", action="store_true", help="write docs/drills")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
