"""What every fleet stands on, however many regions it has: database, backup, what deploys."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.control.ground.backup_desk import BackupDesk
from hanse.fleet.control.ground.deploy_desk import DeployDesk
from hanse.fleet.control.ground.ground_wish import GroundWish, keep_wish, kept_wish
from hanse.fleet.control.looks.hangs import silence_notes
from hanse.fleet.control.region.ground import until_ready
from hanse.kit.clock import monotonic

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from hanse.fleet.control.api import Kind
    from hanse.fleet.engine.supervision import Supervision
    from hanse.fleet.state import StateFolder
    from hanse.kit.clock import Clock


class Ground:
    """Starts it, tells how it is, ends it.

    Args:
        state: The project's state folder.
        database: What keeps the embedded one running.
        given: The environment.
        clock: Of backups.

    Attributes:
        wish: How it is, or is about to be.
        backup: What is copied to another place.
        deployer: What deploys.
    """

    def __init__(
        self, state: StateFolder, database: Supervision, given: Mapping[str, str], clock: Clock
    ) -> None:
        self._state = state
        self._database = database
        self.wish = kept_wish(state)
        self.backup = BackupDesk(state, given, clock)
        self.deployer = DeployDesk(state, given)

    async def start(self, wanted: GroundWish | None = None) -> None:
        """Begins what does not run.

        Args:
            wanted: How it should be; as it was when it began, if left out.

        Raises:
            StateError: What is wished for cannot be kept.
        """
        kept, wish = self.wish, wanted or self.wish
        self.wish = wish
        if wish.database_elsewhere:
            await self._database.stop()
        else:
            self._database.start()
        await self.backup.follow(wish.backup, elsewhere=wish.database_elsewhere)
        await self.deployer.follow(wish.environment)
        if wish != kept:
            keep_wish(wish, self._state)

    async def ready(self) -> None:
        """Returns when the database answers.

        Raises:
            ChangeFailed: It does not start; it says why.
        """
        if not self.wish.database_elsewhere:
            await until_ready(self._database)

    async def stop(self) -> None:
        """Ends it."""
        await self.deployer.stop()
        await self._database.stop()
        await self.backup.stop()  # the database lets it have all it wrote before it ends

    async def leave(self) -> None:
        """Leaves all of it running, for another to adopt."""
        await self._database.leave()
        await self.backup.leave()
        await self.deployer.leave()

    def programs(self) -> Iterator[tuple[Kind, Supervision]]:
        """All of it, by what it is."""
        if not self.wish.database_elsewhere:
            yield "database", self._database
        if self.backup.supervision is not None:
            yield "backup", self.backup.supervision
        if self.deployer.supervision is not None:
            yield "deployer", self.deployer.supervision

    def notes(self) -> Iterator[str]:
        """What an operator should know."""
        for _, one in self.programs():
            yield from silence_notes(one.name, one.silence, monotonic())
        yield from self.backup.notes()
