"""How the command line says no: sentences without a stack, and exit code 1."""

from __future__ import annotations

from typing import IO, Any

import click

from hanse.cli.fleet.called import as_called


class Refused(click.ClickException):
    """Ends a command because of something its user can mend.

    Args:
        *sentences: What is wrong and what to do about it.
    """

    def __init__(self, *sentences: str) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = sentences

    def show(self, file: IO[Any] | None = None) -> None:
        show(self.sentences, file)


def show(sentences: tuple[str, ...] | list[str], file: IO[Any] | None = None) -> None:
    """Writes what is wrong to the standard error; in red where that is a terminal."""
    for sentence in sentences:
        first, line_end, rest = as_called(sentence).partition("\n")
        click.secho(first, fg="red", err=True, file=file, nl=False)
        click.echo(line_end + rest, err=True, file=file)


def as_refusal(error: Exception) -> Refused | None:
    """The refusal for an error that its user can mend; None for one that is a mistake of ours."""
    from hanse.runtime.config.configuration_error import ConfigurationError
    from hanse.runtime.contract.mistakes import DeclarationError
    from hanse.runtime.publish.event_lock import EventLockError
    from hanse.runtime.publish.proto_lock import LockError
    from hanse.runtime.telemetry.store import AmbiguousTrace

    if isinstance(error, ConfigurationError | DeclarationError):
        return Refused(*error.problems)
    if isinstance(error, LockError | EventLockError | AmbiguousTrace):
        return Refused(str(error))
    if isinstance(error, OSError) and error.filename is not None:
        return Refused(f"{error.filename}: {error.strerror}.")
    return None
