"""Keeps one program running: starts or adopts it, restarts it with backoff, ends it."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING

from hanse.fleet.engine.care import Care, Starts
from hanse.fleet.engine.limits.effort import Effort
from hanse.fleet.engine.limits.excess import Excess
from hanse.fleet.engine.limits.priority import stay_behind
from hanse.fleet.engine.log_file import last_lines, length, trim_log
from hanse.fleet.engine.process import Process
from hanse.fleet.engine.silence import QUESTION_SECONDS, WORKING, Silence
from hanse.kit.clock import monotonic, wait_set

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from hanse.fleet.engine.care import Turn
    from hanse.fleet.engine.kept import Kept, Stage
    from hanse.fleet.engine.program import Program
    from hanse.fleet.state import StateFolder

log = logging.getLogger("hanse.engine")

PROBE_SECONDS = 0.02
LAST_LINES = 20
UNUSED_GRACE_SECONDS = 2.0
"""What was never ready has nothing to finish, and may not even listen yet."""


class Supervision:
    """One program that is to run, from `start` to `stop` or `leave`.

    Args:
        program: Which.
        state: Where its record and its log are.
        care: How it is cared for.
        starts: How many may start at a time; shared by all for whom that is so.

    Attributes:
        program: What is to run; what is assigned here counts from the next start.
        stage: `starting` until it is ready, `ready`, `backing off` between its death and the next
            start, `stopping`, and `ended` before `start` and after `stop`.
        crashes: Ends and failed starts in a row, without a while of health between.
        restarts: All of them since `start`.
        last_words: The end of its log when it last died, or why it could not be started.
        exit_code: Of its last end; None while unknown.
        silence: Since when it says nothing, and when it was killed for that.
        excess: How often it was ended for its memory.
    """

    def __init__(
        self,
        program: Program,
        state: StateFolder,
        care: Care | None = None,
        starts: Starts | None = None,
    ) -> None:
        self.program = program
        self.stage: Stage = "ended"
        self.crashes = 0
        self.restarts = 0
        self.last_words: tuple[str, ...] = ()
        self.exit_code: int | None = None
        self.silence = Silence()
        self.excess = Excess()
        self._state = state
        self._care = care or Care()
        self._starts = starts or Starts()
        self._process: Process | None = None
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._hurry = asyncio.Event()
        self._wanted = False
        self._used = False
        self._log_start = 0

    @property
    def name(self) -> str:
        return self.program.name

    @property
    def pid(self) -> int | None:
        """The process that runs now, ready or not."""
        return self._process.pid if self._process is not None else None

    @property
    def adopted(self) -> bool:
        """Whether the process that runs now was started by somebody before us."""
        return self._process is not None and self._process.adopted

    def start(self) -> None:
        """Begins; a process that runs this very program under this name already is adopted."""
        if self._task is None:
            self._wanted = True
            self._enter("starting")
            self._task = asyncio.create_task(self._run(), name=f"supervise {self.name}")

    async def until(self, *stages: Stage) -> Stage:
        """Waits until it is in one of these stages, and says in which."""
        while self.stage not in stages:
            await self._changed.wait()
        return self.stage

    async def restart(self) -> None:
        """Ends the process gracefully; the next one starts at once, and it counts as no crash."""
        self._hurry.set()
        if self._process is not None:
            self._enter("stopping")
            await self._terminate(self._process)

    def weigh(self, used: int) -> bool:
        """Whether its process has more memory than it may; one that runs away is killed."""
        found = self.excess.look(used, self.program.limits, monotonic())
        if found == "runaway" and self._process is not None:
            self.note_excess(used, killed=True)
            self.kill()
        return found == "over" and self.stage == "ready"

    def note_excess(self, used: int, *, killed: bool = False) -> None:
        """It is ended for so many bytes; 0 where nobody knows."""
        self.excess.end(used, self.program.limits, monotonic(), killed=killed)
        log.error("%s", self.excess.says(self.name))

    def kill(self) -> None:
        """Ends the process at once, which is a crash like any other."""
        if self._process is not None:
            self._process.kill()

    async def give_way(self) -> None:
        """Ends the process gracefully, which counts as a crash: another one is started."""
        self._enter("stopping")
        if self._process is not None:
            await self._terminate(self._process)

    def follow(self, other: Kept) -> None:
        """Takes the place of another one, which was ended for its memory."""
        self.excess = other.excess
        self.restarts = other.restarts + 1

    def retry(self) -> None:
        """Ends the wait after a failure: its reason may be gone."""
        self._hurry.set()

    async def stop(self) -> None:
        """Ends the program gracefully, and keeps it ended."""
        self._wanted = False
        if self._task is not None:
            await self.give_way()
        await self._finish()

    async def leave(self) -> None:
        """Cares no longer, and leaves the process running, for another to adopt."""
        self._wanted = False
        process = self._process
        await self._finish()
        if process is not None:
            process.leave()

    async def _finish(self) -> None:
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait((task,))
        self._process = None
        self._enter("ended")

    async def _run(self) -> None:
        while self._wanted:
            self._hurry.clear()
            self._enter("starting")
            try:
                await self._once()
            except Exception as error:  # noqa: BLE001 - whatever it is, the next try may be better
                self.last_words = (str(error),)
                log.warning("%s cannot be started: %s", self.name, error)
            self._process = None
            if self._wanted and not self._hurry.is_set():
                await self._back_off()

    async def _once(self) -> None:
        """One life of the program."""
        with self._starts.turn() as turn:
            self._process = await self._obtain(turn)
            ended = asyncio.create_task(self._process.ended())
            behind = asyncio.create_task(self._stay_behind(self._process.pid))
            is_ready = await self._ready(ended)
        try:
            if not is_ready:
                self._process.kill()
            elif not ended.done():
                self._used = True
                self._enter("ready")
                await asyncio.gather(self._watch(ended), self._listen(ended))
            self.exit_code = await ended
            if self._process.overran:
                self.note_excess(0, killed=True)
        finally:
            ended.cancel()
            behind.cancel()
        self.last_words = last_lines(self._state.log(self.name), LAST_LINES, self._log_start)

    async def _obtain(self, turn: Turn) -> Process:
        """The process that runs, if it runs what it should, or else a new one."""
        found = self._process = Process.adopt(self.name, self._state)
        if found is not None:
            self._used = True  # before our time
            if found.runs(self.program):
                return found
            await self._terminate(found)
        await turn.come()
        if self._care.prepare is not None:
            await self._care.prepare()
        self._used = False
        self._log_start = length(self._state.log(self.name))
        return Process.spawn(self.program, self._state)

    async def _stay_behind(self, pid: int) -> None:
        if self.program.gives_way:
            await stay_behind(pid)

    async def _ready(self, ended: asyncio.Task[int | None]) -> bool:
        """Waits until it answers or has ended; False if it does neither for too long.

        What says that it is on its way is not too long: a database that is killed while it recovers
        has all of it before it again.
        """
        began = monotonic()
        while not ended.done() and not await _is_so(self._care.probe):
            waited = monotonic() - began
            if waited > self._care.patience.start and not await _is_so(self._care.lives):
                log.warning("%s does not get ready; it is killed.", self.name)
                return False
            # Known within a tenth of what it takes, and what starts slowly is not asked too often.
            await asyncio.wait((ended,), timeout=PROBE_SECONDS + waited / 10)
        return True

    async def _watch(self, ended: asyncio.Task[int | None]) -> None:
        """Waits for the end; meanwhile keeps its log short, and forgets old crashes."""
        while not ended.done():
            await asyncio.wait((ended,), timeout=self._care.patience.healthy)
            if not ended.done():
                self.crashes = 0
                self._care.backoff.reset()
                trim_log(self._state.log(self.name))

    async def _listen(self, ended: asyncio.Task[int | None]) -> None:
        """Kills it when it hangs; the end that follows is one like any other."""
        process, patience = self._process, self._care.patience.silent
        if process is None or self._care.lives is None:
            return
        effort = Effort(process.pid, family=self._care.patience.family)
        while not ended.done():
            counts = await self._question(self._care.lives, effort)
            if counts and self.stage == "ready" and self.silence.is_over(monotonic(), patience):
                self.silence.end(monotonic())
                seconds = self.silence.lasted
                log.error("%s did not answer for %.0f s; it is killed.", self.name, seconds)
                process.kill()
            await asyncio.wait((ended,), timeout=min(QUESTION_SECONDS, patience))
        self.silence.forget()

    async def _question(self, lives: Callable[[], Awaitable[bool]], effort: Effort) -> bool:
        """Whether it says something by now, or works; whether that was in vain, and counts."""
        asked = monotonic()
        heard, until = await _is_so(lives), monotonic()
        works = not heard and await asyncio.to_thread(effort.share) >= WORKING
        return self.silence.note(asked, until, heard=heard, works=works)

    async def _back_off(self) -> None:
        self.crashes += 1
        self.restarts += 1
        self._enter("backing off")
        await wait_set(self._hurry, self._care.backoff.next())

    async def _terminate(self, process: Process) -> None:
        grace = self.program.grace if self._used else UNUSED_GRACE_SECONDS
        self.exit_code = await process.terminate(grace, self.program.stop_signal)

    def _enter(self, stage: Stage) -> None:
        if stage == self.stage:
            return
        self.stage = stage
        self._changed.set()
        self._changed = asyncio.Event()
        if self._care.changed is not None:
            self._care.changed(self)


async def _is_so(asked: Callable[[], Awaitable[bool]] | None) -> bool:
    """What a program says, if it says anything in time."""
    with suppress(OSError, TimeoutError):
        async with asyncio.timeout(QUESTION_SECONDS):
            return asked is not None and await asked()
    return False
