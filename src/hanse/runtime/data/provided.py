"""What constructors may ask for because their host has a database."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Protocol, cast, get_origin

from hanse.runtime.data.database import Database

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hanse.kit.clock import Clock
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.telemetry.metrics import Metrics


class FromDatabase(Protocol):
    """A type that a host makes for whoever asks for it in a constructor, once a host."""

    @classmethod
    def __from_database__(cls, kind: Any, database: Database, *needed: Any) -> Any:
        """The object for a constructor.

        Args:
            kind: The type as it is written there: `Collection[Contact]`, not only `Collection`.
            database: Not reached yet. What needs it before the host is ready goes into
                `database.prepare`.
            needed: What the class names as `__needs__`: further such types. As `__brings__` it may
                name services that run wherever somebody asks for it.

        Raises:
            ConfigurationError: It cannot be; the host tells with all else that is wrong.
        """
        ...


def maker_of(kind: Any) -> type[FromDatabase] | None:
    """The class that makes what a constructor asks for, if it is made from the database."""
    home: Any = get_origin(kind) or kind
    found = inspect.isclass(home) and hasattr(home, "__from_database__")
    return cast("type[FromDatabase]", home) if found else None


def needs_of(kind: Any) -> tuple[Any, ...]:
    """Further types that one of this kind is made with."""
    return getattr(maker_of(kind), "__needs__", ())


def make(kind: Any, database: Database, made: dict[Any, Any]) -> Any:
    """One object of a kind, and of each that it needs, where there is none yet.

    Args:
        kind: As it is written in a constructor; it has a maker.
        database: What they are made from.
        made: Those there are, by their kinds.

    Raises:
        ConfigurationError: As `FromDatabase`.
    """
    if kind not in made:
        maker = maker_of(kind)
        assert maker is not None, "whoever asks knows that there is one"
        needed = [make(one, database, made) for one in needs_of(kind)]
        made[kind] = maker.__from_database__(kind, database, *needed)
    return made[kind]


def database_of(
    config: DatabaseConfig | None,
    provided: Mapping[type, Any],
    clock: Clock,
    metrics: Metrics,
    share: Callable[[], float],
) -> Database | None:
    """The database of a host: one that was made outside and is provided, else one of its own."""
    made = Database(config, clock, metrics) if config and Database not in provided else None
    database: Database | None = provided.get(Database, made)
    if database is not None:
        database.share = share
    return database
