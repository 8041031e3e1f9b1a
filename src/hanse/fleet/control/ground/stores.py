"""The database and the broker of a fleet on one machine."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.engine.nats import Nats
from hanse.fleet.engine.postgres import Postgres

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.fleet.control.api import Kind
    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.state import StateFolder


def stores(state: StateFolder, variables: Mapping[str, str]) -> dict[Kind, Supervision]:
    """Both, not yet started."""
    return {
        "database": Postgres(state, variables).supervision(),
        "broker": Nats(state, variables).supervision(),
    }
