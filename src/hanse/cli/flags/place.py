"""What the verbs of flags reach: what the code declares, and the database where they are ruled."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, TypeVar

from hanse.cli.data.place import database_config
from hanse.cli.fleet.called import called
from hanse.cli.fleet.connection import enter_project, run
from hanse.cli.place import open_project
from hanse.cli.refusal import Refused
from hanse.runtime.data.database import Database
from hanse.runtime.errors import InvalidArgument, Unavailable
from hanse.runtime.flags.flags import Flags
from hanse.runtime.project.strict import like
from hanse.runtime.wiring import wishes_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Mapping

    from hanse.runtime.flags.declaration import Declaration
    from hanse.runtime.project.project import Project

T = TypeVar("T")


class Place:
    """Where flags are.

    Args:
        environment: Which `[environments.NAME]` applies.
        dev: The database of `hanse dev` instead.

    Attributes:
        declared: What the project's services declare, by name.

    Raises:
        Refused: There is no project.
        ConfigurationError: Its services cannot be imported.
    """

    def __init__(self, environment: str = "", *, dev: bool = False) -> None:
        self._state, self._dev = enter_project(), dev
        self._project: Project = open_project(environment)
        self.declared: Mapping[str, Declaration] = _declared(self._project)

    def flag(self, name: str) -> Declaration:
        """What is declared of a flag.

        Raises:
            Refused: Nothing is.
        """
        found = self.declared.get(name)
        if found is None:
            raise Refused(
                f"No service of this project has a flag {name}{like(name, self.declared)}"
            )
        return found

    def reach(self, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
        """Works in the database.

        Raises:
            Refused: It does not answer, or what is asked for is wrong.
        """
        try:
            with database_config(self._project, self._state, dev=self._dev) as config:
                return run(_within(Database(config), work))
        except InvalidArgument as error:
            raise Refused(str(error)) from error
        except Unavailable as error:
            raise Refused(
                f"The database cannot be reached: {error.__cause__ or error}",
                f"Start it: {called('up')}; or say where it is: url in [database] of hanse.toml.",
            ) from error


async def _within(database: Database, work: Callable[[Database], Coroutine[Any, Any, T]]) -> T:
    async with database:
        return await work(database)


def _declared(project: Project) -> dict[str, Declaration]:
    kinds = [kind for one in project.services() for kind in wishes_of(one).values()]
    flags = [kind for kind in kinds if inspect.isclass(kind) and issubclass(kind, Flags)]
    return {one.name: one for kind in flags for one in kind.__declared__.values()}
