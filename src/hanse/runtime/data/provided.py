"""What constructors may ask for because their host has a database."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, Protocol, cast, get_origin

from hanse.runtime.data.database import Database

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.kit.clock import Clock
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.telemetry.metrics import Metrics


class FromDatabase(Protocol):
    """A type that a host makes for whoever asks for it in a constructor, once a host."""

    @classmethod
    def __from_database__(cls, kind: Any, database: Database) -> Any:
        """The object for a constructor.

        Args:
            kind: The type as it is written there: `Collection[Contact]`, not only `Collection`.
            database: Not reached yet. What needs it before the host is ready goes into
                `database.prepare`.

        Raises:
            ConfigurationError: It cannot be; the host tells with all else that is wrong.
        """
        ...


def maker_of(kind: Any) -> type[FromDatabase] | None:
    """The class that makes what a constructor asks for, if it is made from the database."""
    home: Any = get_origin(kind) or kind
    found = inspect.isclass(home) and hasattr(home, "__from_database__")
    return cast("type[FromDatabase]", home) if found else None


def database_of(
    config: DatabaseConfig | None, provided: Mapping[type, Any], clock: Clock, metrics: Metrics
) -> Database | None:
    """The database of a host: one that was made outside and is provided, else one of its own."""
    if Database in provided:
        return provided[Database]
    return Database(config, clock, metrics) if config else None
