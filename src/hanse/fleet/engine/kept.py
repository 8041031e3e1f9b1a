"""The port between control and what runs hosts: all that is asked for, whoever carries it out.

`Supervision` is the engine of one machine. Decision 0025 says what each of these is on Kubernetes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from hanse.fleet.engine.limits.excess import Excess
    from hanse.fleet.engine.program import Program

Stage = Literal["starting", "ready", "backing off", "stopping", "ended"]


class Kept(Protocol):
    """One program that is kept running: begun, asked whether it answers, begun again, ended.

    It begins by the order that `host_program` wrote down, is adopted if it runs already, and each
    change of its stage is told to who cares for it; see `Care`.

    Attributes:
        program: What is to run, and what it may have.
        stage: `starting` until it is ready, `ready`, `backing off` between its death and the next
            start, `stopping`, and `ended` before `start` and after `stop`.
        crashes: Ends and failed starts in a row, without a while of health between.
        restarts: All of them since `start`.
        last_words: The end of its log when it last died, or why it could not be started.
        exit_code: Of its last end; None while unknown.
        excess: How often it was ended for its memory.
    """

    program: Program
    stage: Stage
    crashes: int
    restarts: int
    last_words: tuple[str, ...]
    exit_code: int | None
    excess: Excess

    @property
    def name(self) -> str:
        """Of the program."""
        ...

    @property
    def pid(self) -> int | None:
        """Its process, where that is one of this machine: then control looks what it uses."""
        ...

    def start(self) -> None:
        """Begins; what runs this very program under this name already is adopted."""
        ...

    async def until(self, *stages: Stage) -> Stage:
        """Waits until it is in one of these stages, and says in which."""
        ...

    async def give_way(self) -> None:
        """Ends it gracefully, which counts as a crash: another one is started."""
        ...

    def kill(self) -> None:
        """Ends it at once; another one is started."""
        ...

    async def stop(self) -> None:
        """Ends it gracefully, and keeps it ended."""
        ...

    async def leave(self) -> None:
        """Cares no longer, and leaves it running, for another to adopt."""
        ...

    def weigh(self, used: int) -> bool:
        """Whether it has more memory than it may; one that runs away is killed."""
        ...

    def note_excess(self, used: int, *, killed: bool = False) -> None:
        """It is ended for so many bytes."""
        ...

    def follow(self, other: Kept) -> None:
        """Takes the place of another one, which was ended for its memory."""
        ...
