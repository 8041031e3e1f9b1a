"""The process that deploys: begun when somebody deploys for the first time, and kept since."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from hanse.fleet.control.hosts.rollout import WORDS_SHOWN, ChangeFailed
from hanse.fleet.control.looks.scrape import answers
from hanse.fleet.engine.care import Care
from hanse.fleet.engine.program import Program, surroundings
from hanse.fleet.engine.supervision import Supervision

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hanse.fleet.state import StateFolder

NAME = "deployer"


class DeployDesk:
    """Starts it, and leaves it.

    Args:
        state: The project's state folder.
        variables: The environment.

    Attributes:
        supervision: What keeps it running; None where nobody has ever deployed.
    """

    def __init__(self, state: StateFolder, variables: Mapping[str, str]) -> None:
        self._state = state
        self._environment = surroundings(variables)
        self.supervision: Supervision | None = None

    async def follow(self, environment: str) -> None:
        """Has it run where somebody has deployed: what is under way is to go on.

        Args:
            environment: Which one of `hanse.toml` applies.
        """
        program = self._program(environment)
        if self.supervision is not None and self.supervision.program == program:
            return
        await self.stop()
        if self._state.deployer_mark.exists():
            self._start(program)

    def answers(self, environment: str) -> bool:
        """Whether it runs as it should."""
        one = self.supervision
        if one is None or one.stage != "ready":
            return False
        return one.program == self._program(environment)

    async def ready(self, environment: str) -> None:
        """Returns when it answers.

        Raises:
            ChangeFailed: It does not; its last words say why.
        """
        self._state.deployer_mark.touch(mode=0o600)
        if self.supervision is not None and self.supervision.stage == "backing off":
            await self.stop()  # what stood against it may be gone
        await self.follow(environment)
        one = self.supervision
        assert one is not None, "the mark is there"
        if await one.until("ready", "backing off") != "ready":
            raise ChangeFailed(f"{NAME} does not start.", *one.last_words[-WORDS_SHOWN:])

    async def stop(self) -> None:
        """Ends it; what is under way waits for the next one."""
        if self.supervision is not None:
            await self.supervision.stop()
            self.supervision = None

    async def leave(self) -> None:
        """Leaves it running, for another to adopt."""
        if self.supervision is not None:
            await self.supervision.leave()

    def _start(self, program: Program) -> None:
        socket = self._state.deployer_socket
        care = Care(probe=lambda: answers(socket, "/health/ready"))
        self.supervision = Supervision(program, self._state, care)
        self.supervision.start()

    def _program(self, environment: str) -> Program:
        command = (sys.executable, "-P", "-m", "hanse.fleet.deployments.main", environment)
        return Program(name=NAME, command=command, environment=self._environment)
