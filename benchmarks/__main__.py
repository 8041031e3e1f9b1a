"""Runs one benchmark by name: `python -m benchmarks rpc [--json] [--quick]`."""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys

from benchmarks import environment, report, rounds
from benchmarks.load import LoadError
from benchmarks.server import ServerError

NAMES = (
    "rpc",
    "calls",
    "start",
    "boutique",
    "fleet",
    "data",
    "data.scale",
    "events",
    "workflows",
    "workflows.scale",
    "judge",
    "flags",
)


def main() -> int:
    """Measure, publish, print. Returns the exit code: 0 measured, 1 not measurable."""
    options = _options()
    try:
        environment.prepare()
        module = importlib.import_module(f"benchmarks.{options.name}.measure")
        measured: report.Measured = module.measure(rounds.QUICK if options.quick else rounds.FULL)
    except (environment.NotReadyError, LoadError, ServerError) as error:
        environment.say(f"{options.name} was not measured: {error}")
        return 1
    except subprocess.CalledProcessError as error:
        environment.say(f"{options.name} was not measured: {error} {error.stderr or ''}")
        return 1
    if options.quick:
        environment.say("a quick run: the figures are rough and are not published")
    else:
        report.publish(measured)
    if options.json:
        sys.stdout.write(report.as_json(measured).decode() + "\n")
    else:
        report.print_table(measured)
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="hanse bench", description=__doc__)
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
    parser.add_argument("--quick", action="store_true", help="one short round, nothing published")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
