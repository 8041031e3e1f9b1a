"""`hanse workflows resume`, `retry` and `cancel`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Literal

import click

from hanse.cli.data.persons import in_database
from hanse.cli.refusal import Refused
from hanse.runtime.errors import FailedPrecondition, InvalidArgument, NotFound
from hanse.runtime.workflows.operator import Operator

if TYPE_CHECKING:
    from hanse.cli.data.persons import Reached

Verb = Literal["resume", "retry", "cancel"]

_SAID = {
    "resume": "It goes on with the next look of a host.",
    "retry": "It tries again with the next look of a host.",
    "cancel": "It ends as soon as what it did is undone.",
}


def mend(verb: Verb, instance: str, environment: str, *, dev: bool) -> None:
    """Does it and says so.

    Raises:
        Refused: It cannot be done.
    """
    try:
        in_database(environment, partial(_mend, verb, instance), dev=dev)
    except (FailedPrecondition, InvalidArgument, NotFound) as error:
        raise Refused(str(error), "See hanse workflows list.") from error
    click.echo(_SAID[verb])


async def _mend(verb: Verb, instance: str, found: Reached) -> None:
    await getattr(Operator(found.database), verb)(instance)
