"""Makes the hosts of a fleet: their orders, their programs, and how they are cared for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import msgspec

from hanse.fleet.control.hosts.member import Member, MemberRecord
from hanse.fleet.control.looks.scrape import answers
from hanse.fleet.engine.care import Care, Starts
from hanse.fleet.engine.host_order import HostOrder, Interpreter, host_program
from hanse.fleet.engine.supervision import Supervision
from hanse.fleet.releases.shelf import Shelf
from hanse.fleet.releases.wish import read_wish
from hanse.runtime.credentials.issuer import Issuer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from hanse.fleet.state import StateFolder
    from hanse.runtime.mutual.tls import Tls

STARTS_MIN, STARTS_EACH_CORE = 4, 2
"""How many hosts start at a time: while one waits for its database, others have the processor."""


class Foundry:
    """Knows what all hosts of a project have in common.

    Args:
        state: The project's state folder.
        variables: The environment.
        changed: Called whenever a host is otherwise than it was.
        identity: Gives a host, by name, who it is to other regions; None where there are none.
    """

    def __init__(
        self,
        state: StateFolder,
        variables: Mapping[str, str],
        changed: Callable[[], None],
        identity: Callable[[str], Tls] | None = None,
    ) -> None:
        self._identity = identity
        self._state = state
        self._shelf = Shelf(state.releases)
        self._variables = variables
        self._changed = changed
        self._starts = Starts(max(STARTS_MIN, STARTS_EACH_CORE * (os.cpu_count() or 1)))

    def make(self, record: MemberRecord) -> Member:
        """A host that is not started yet.

        Raises:
            StateError: Its order cannot be written.
            NoRelease: What it runs from is not kept any more, or was changed.
        """
        wish = read_wish(record.release, self._shelf)
        order = HostOrder(
            name=record.name,
            group=record.group.name,
            services=record.group.services,
            code=str(self._shelf.folder_of(wish.code)),
            files={prefix: str(self._shelf.folder_of(one)) for prefix, one in wish.files.items()},
            settings=str(self._shelf.path_of(wish.settings)),
            environment=record.environment,
            issuers=_issuers(self._state) if record.local else (),
            region=self._state.region,
            tls=self._identity(record.name) if self._identity else None,
            inbox=record.local,
            limits=record.group.limits,
        )
        socket = self._state.socket(record.name)
        care = Care(
            probe=lambda: answers(socket, "/health/ready"), changed=lambda _: self._changed()
        )
        runtime = (self._shelf.runtimes / wish.runtime).absolute()
        interpreter = Interpreter(wish.python, str(runtime))
        program = host_program(order, interpreter, self._state, self._variables)
        supervision = Supervision(program, self._state, care, self._starts)
        return Member(record, supervision, self._state)


def _issuers(state: StateFolder) -> tuple[Issuer, ...]:
    """The issuer of `hanse token`, if whoever started the fleet could read its key."""
    try:
        return (msgspec.json.decode(state.issuer.read_bytes(), type=Issuer),)
    except FileNotFoundError:
        return ()
