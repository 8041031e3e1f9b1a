"""What an import says: rows that change or are refused, and in the end how many there were."""

from __future__ import annotations

import sys
from collections import Counter
from typing import TYPE_CHECKING, Any, get_args

import click
import msgspec

from hanse.cli.imports.difference import Change, Verdict

if TYPE_CHECKING:
    from hanse.runtime.errors import Violation

PROGRESS_ROWS = 500
"""Rows between two words on how far it is; where nobody looks there are none."""

COLOURS: dict[Verdict, str] = {"created": "green", "updated": "yellow", "refused": "red"}


class Report:
    """Says what became of each row.

    Args:
        noun: What is imported, like `hiring.jobs`.
        as_json: A line of JSON for each row, and one for all.
        dry_run: Nothing is written.
    """

    def __init__(self, noun: str, *, as_json: bool, dry_run: bool) -> None:
        self._noun = noun
        self._as_json = as_json
        self._dry_run = dry_run
        self.counts: Counter[Verdict] = Counter(dict.fromkeys(get_args(Verdict), 0))

    @property
    def rows(self) -> int:
        """How many there were so far."""
        return self.counts.total()

    def tell(self, change: Change) -> None:
        """One row."""
        self.counts[change.verdict] += 1
        if self._as_json:
            click.echo(msgspec.json.encode(_line(change)))
        elif change.verdict != "unchanged":
            self._show(change)
        if self.rows % PROGRESS_ROWS == 0 and sys.stderr.isatty():
            click.echo(f"\r{self.rows:,} rows …", err=True, nl=False)

    def end(self) -> None:
        """All of them."""
        if self._as_json:
            summary = {"table": self._noun, "dry_run": self._dry_run, **self.counts}
            click.echo(msgspec.json.encode(summary))
            return
        counted = ", ".join(f"{number:,} {verdict}" for verdict, number in self.counts.items())
        done = " (dry run: nothing was written)" if self._dry_run else ""
        click.secho(f"{self._noun}: {counted}{done}", bold=True)

    def _show(self, change: Change) -> None:
        head = f"  line {change.line:<5} {change.key or '?':<16} "
        click.echo(head, nl=False)
        click.secho(change.verdict, fg=COLOURS.get(change.verdict), nl=False)
        click.echo(f"  {', '.join(change.fields)}" if change.verdict == "updated" else "")
        for violation in change.violations:
            click.echo(f"             {_sentence(violation)}")


def _sentence(violation: Violation) -> str:
    """The rule that was broken and the way out, as one line."""
    rule = f" [{violation.rule}]" if violation.rule else ""
    return f"{violation.message}{rule}"


def _line(change: Change) -> dict[str, Any]:
    return {
        "line": change.line,
        "key": change.key,
        "verdict": change.verdict,
        "fields": change.fields,
        "violations": change.violations,
    }
