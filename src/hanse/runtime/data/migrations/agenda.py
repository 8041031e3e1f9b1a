"""What is to be applied next, decided from the files and from what was applied before."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hanse.runtime.data.migrations.ledger import Entry
    from hanse.runtime.data.migrations.migration import Migration


class Agenda(NamedTuple):
    """What to do, and why not more.

    Attributes:
        steps: To be applied now, in this order.
        waiting: Post migrations that wait until no host of the release before runs.
        problems: Why nothing may be applied.
    """

    steps: tuple[Migration, ...] = ()
    waiting: tuple[Migration, ...] = ()
    problems: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        """Whether there is anything to do."""
        return bool(self.steps)


def agenda_of(migrations: Iterable[Migration], entries: Sequence[Entry], *, post: bool) -> Agenda:
    """Decides for all schemas.

    A schema that has nothing yet gets everything at once: nobody can be using it. What was decided
    and broken off is gone on with. What is recorded beyond the files is a newer release's, which
    this one runs beside.

    Args:
        migrations: All files, each schema's together and in their order.
        entries: What was recorded.
        post: Whether no host of the release before runs any more.
    """
    known = {(entry.schema, entry.number): entry for entry in entries}
    begun = {entry.schema for entry in entries}
    parts = [
        _agenda(list(files), known, everything=post or schema not in begun)
        for schema, files in groupby(migrations, key=lambda each: each.schema)
    ]
    return Agenda(
        tuple(step for part in parts for step in part.steps),
        tuple(step for part in parts for step in part.waiting),
        tuple(problem for part in parts for problem in part.problems),
    )


def _agenda(
    files: Sequence[Migration], known: Mapping[tuple[str, int], Entry], *, everything: bool
) -> Agenda:
    """What is to be done for one schema."""
    steps: list[Migration] = []
    waiting: list[Migration] = []
    problems: list[str] = []
    for each in files:
        entry = known.get((each.schema, each.number))
        if entry is not None and entry.done:
            if entry.digest != each.digest:
                problems.append(_changed(each, entry))
        elif entry is not None or everything or (each.phase == "pre" and not waiting):
            steps.append(each)
        elif each.phase == "post":
            waiting.append(each)
        else:
            problems.append(_blocked(each, waiting[0]))
    return Agenda(tuple(steps), tuple(waiting), tuple(problems))


def _changed(file: Migration, entry: Entry) -> str:
    return (
        f"{file.schema}: {file.name} is not what was applied as {entry.name}: put the file back as "
        "it was, and write what is new into a file of the next number."
    )


def _blocked(file: Migration, first: Migration) -> str:
    return (
        f"{file.schema}: {file.name} comes after {first.name}, which waits until no host of the "
        "release before runs. When that is so: hanse migrate --post"
    )
