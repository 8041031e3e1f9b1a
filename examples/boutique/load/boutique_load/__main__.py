"""`python -m boutique_load URL`: shops, checks every answer, and says what it saw."""

from __future__ import annotations

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from itertools import repeat
from multiprocessing import get_context

import msgspec

from boutique_load.channel import shop_at
from boutique_load.loops import Plan, run
from boutique_load.tally import Report, Tally, Times, added

USERS_MAX = 10_000
SECONDS_MAX = 24 * 3600
PROCESSES_MAX = 64


def main() -> None:
    """Shops as the command line says; exits with 1 if an answer was wrong or missing."""
    given = _arguments().parse_args()
    try:
        shop_at(given.url, given.ca)
    except (ValueError, OSError) as error:
        sys.exit(f"boutique_load: {error}")
    report = shop(given.url, given.ca, _plans(given)).report()
    text = msgspec.json.encode(report).decode() if given.json else described(report)
    sys.stdout.write(text + "\n")
    sys.exit(1 if report.wrong or report.failed or report.unserved or not report.requests else 0)


def shop(url: str, ca: str | None, plans: list[Plan]) -> Tally:
    """Shops by one plan here, by several in processes of their own."""
    if len(plans) == 1:
        return run(url, ca, plans[0])
    with ProcessPoolExecutor(len(plans), mp_context=get_context("spawn")) as pool:
        return added(pool.map(run, repeat(url), repeat(ca), plans))


def described(report: Report) -> str:
    """The report as a table for people."""
    summary = (
        f"{report.requests} requests in {report.seconds:.1f} s: "
        f"{report.requests_per_second:.0f} right answers a second, "
        f"{report.wrong} wrong, {report.failed} failed, {report.unserved} unserved"
    )
    rows = [
        summary,
        f"{'':10}{'count':>9}{'p50 ms':>9}{'p90 ms':>9}{'p99 ms':>9}{'max ms':>9}",
        _row(
            "requests",
            Times(report.requests, report.p50_ms, report.p90_ms, report.p99_ms, report.max_ms),
        ),
        *(_row(name, times) for name, times in report.tasks.items()),
        *(f"{times:>6} times {sentence}" for sentence, times in report.sentences.items()),
    ]
    return "\n".join(rows)


def _row(name: str, times: Times) -> str:
    values = (times.p50_ms, times.p90_ms, times.p99_ms, times.max_ms)
    return f"{name:10}{times.count:>9}" + "".join(f"{value:>9.2f}" for value in values)


def _plans(given: argparse.Namespace) -> list[Plan]:
    """Users and rate, shared out among the processes as evenly as they go."""
    processes = min(given.processes, given.users)
    return [
        Plan(
            users=given.users // processes + (number < given.users % processes),
            seconds=given.seconds,
            rate=given.rate / processes if given.rate else None,
            seed=given.seed + number,
        )
        for number in range(processes)
    ]


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="boutique_load", description=__doc__)
    parser.add_argument("url", help="of the shop, like http://127.0.0.1:8080")
    parser.add_argument("--users", type=_within(1, USERS_MAX), default=16, help="shoppers")
    parser.add_argument("--seconds", type=_within(0.1, SECONDS_MAX), default=10.0, help="how long")
    parser.add_argument(
        "--rate",
        type=_within(0.1, 1e6),
        help="requests a second that fall due; left out, each shopper goes on when answered",
    )
    parser.add_argument("--processes", type=_within(1, PROCESSES_MAX), default=1)
    parser.add_argument("--seed", type=int, default=1, help="the same shoppers do the same again")
    parser.add_argument("--ca", help="file with the certificate of whom to trust, for https")
    parser.add_argument("--json", action="store_true", help="the report for programs")
    return parser


class _within:  # noqa: N801  reads as the type of an argument, and argparse names it in its errors
    """A number between two, whole if the lower one is."""

    def __init__(self, least: float, most: float) -> None:
        self._least = least
        self._most = most

    def __call__(self, text: str) -> float:
        number = type(self._least)(text)
        if not self._least <= number <= self._most:
            raise argparse.ArgumentTypeError(f"{text} is not {self._least:g} to {self._most:g}")
        return number


if __name__ == "__main__":
    main()
