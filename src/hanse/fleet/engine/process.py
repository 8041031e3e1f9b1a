"""A process of the fleet: started so that it outlives its starter, found again, watched, ended."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import msgspec

from hanse.fleet.engine.limits.cgroup import Cgroup
from hanse.fleet.engine.limits.priority import put_behind
from hanse.fleet.engine.log_file import open_log
from hanse.fleet.engine.process_table import session_members, start_of
from hanse.fleet.state import telling, write_whole
from hanse.kit.clock import wait_set
from hanse.runtime.placement.host_limits import HostLimits

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.fleet.engine.program import Program
    from hanse.fleet.state import StateFolder

log = logging.getLogger("hanse.engine")

POLL_SECONDS = 0.1
KILLED_SECONDS = 10.0
_ROUNDS_MAX = 10
_RECORD_BYTES_MAX = 64 * 1024

# The child waits at this gate until its record is written. If the starter dies before, reading ends
# without a line and the child with it: no process ever runs that nobody would find again.
_GATE = 'IFS= read -r go || exit 125; exec "$@" </dev/null'
_SHELL = ("/bin/sh", "-c", _GATE, "sh")


class Record(msgspec.Struct, frozen=True):
    """What is written down of a process, in `processes/NAME.json`.

    Attributes:
        name: Of its program.
        pid: Its number, also that of its session.
        start: When the kernel says it began: a process that later gets the number began otherwise.
        fingerprint: Of the program it runs.
    """

    name: str
    pid: int
    start: str
    fingerprint: str


class Process:
    """One that runs, watched until it ends. Made by `spawn` and `adopt`, in a running loop.

    Attributes:
        record: What is written down of it.
        adopted: Whether somebody else started it.
        overran: Whether the kernel has ended it, or something of it, for its memory.
    """

    def __init__(self, record: Record, path: Path, child: subprocess.Popen[bytes] | None) -> None:
        self.record = record
        self.adopted = child is None
        self.overran = False
        self._path = path
        self._cgroup = Cgroup.of(path)
        self._child = child
        self._loop = asyncio.get_running_loop()
        self._code: asyncio.Future[int | None] = self._loop.create_future()
        self._descriptor = _open_descriptor(record.pid)
        self._poll: asyncio.Task[None] | None = None
        if self._descriptor is None:
            self._poll = self._loop.create_task(self._look())
        else:
            self._loop.add_reader(self._descriptor, self._notice_end)

    @classmethod
    def spawn(cls, program: Program, state: StateFolder) -> Self:
        """Starts a program in a session of its own, with its output at the end of its log.

        Raises:
            StateError: Its log or its record cannot be written; then nothing runs.
            OSError: It cannot be started at all.
        """
        ours, gate = os.pipe()
        try:
            with telling(state.log(program.name)):
                output = open_log(state.log(program.name))
            try:
                child = _start(program, ours, output)
            finally:
                os.close(output)
                os.close(ours)
            try:
                record = _record(program, child)
                write_whole(state.record(program.name), msgspec.json.encode(record))
                _enclose(program, state.record(program.name), child.pid)
                os.write(gate, b"go\n")
            except BaseException:
                child.kill()
                child.wait()
                raise
        finally:
            os.close(gate)
        return cls(record, state.record(program.name), child)

    @classmethod
    def adopt(cls, name: str, state: StateFolder) -> Self | None:
        """The process that runs under a name, whoever started it; None if there is none.

        It is that one only if the process of the recorded number began when the record says so: a
        number that was given to somebody else meanwhile is never touched. Whether it runs the
        program that is wanted now, `runs` tells.
        """
        path = state.record(name)
        record = read_record(path)
        if record is None:
            return None
        process = cls._found(record, path)
        if process is None:
            path.unlink(missing_ok=True)
        return process

    @classmethod
    def _found(cls, record: Record, path: Path) -> Self | None:
        with suppress(ProcessLookupError):
            process = cls(record, path, None)
            # Looked at only now that its descriptor is open: from here on that stands for no other.
            if start_of(record.pid) == record.start:
                return process
            process.leave()
        return None

    @property
    def pid(self) -> int:
        return self.record.pid

    @property
    def running(self) -> bool:
        return not self._code.done()

    def runs(self, program: Program) -> bool:
        """Whether it was started with exactly this."""
        return self.record.fingerprint == program.fingerprint()

    async def ended(self) -> int | None:
        """Waits for its end.

        Returns:
            The exit code, negative for a signal; None for an adopted one, whose code the kernel
            tells to its parent alone.
        """
        return await asyncio.shield(self._code)

    def send(self, number: int) -> None:
        """Sends a signal to it, if it runs; never to another one that has its number."""
        if not self.running:
            return
        with suppress(ProcessLookupError):
            if self._descriptor is not None:
                signal.pidfd_send_signal(self._descriptor, number)
            elif start_of(self.pid) == self.record.start:
                os.kill(self.pid, number)

    def kill(self) -> None:
        """Kills it; when that is noticed, everything left in its session too."""
        self.send(signal.SIGKILL)

    async def terminate(self, grace: float, number: int = signal.SIGTERM) -> int | None:
        """Asks it to end, and after so many seconds kills it with its session.

        Raises:
            TimeoutError: Not even killing ends it: the kernel waits for a device.
        """
        self.send(number)
        try:
            async with asyncio.timeout(grace):
                return await self.ended()
        except TimeoutError:
            log.warning("%s does not end within %.1f s; it is killed.", self.record.name, grace)
        self.kill()
        async with asyncio.timeout(KILLED_SECONDS):
            return await self.ended()

    def leave(self) -> None:
        """Watches it no longer, and leaves it running."""
        self._close()
        self._code.cancel()
        if self._child is not None:
            self._child.returncode = 0  # or it would complain of being left, which is meant

    async def _look(self) -> None:
        """Looks again and again, where the kernel has no better way."""
        never = asyncio.Event()
        while self._lives():
            await wait_set(never, POLL_SECONDS)
        self._poll = None
        self._notice_end()

    def _lives(self) -> bool:
        if self._child is not None:
            return start_of(self.pid) is not None
        return start_of(self.pid) == self.record.start

    def _notice_end(self) -> None:
        # Before it is reaped: until then nobody else can have its number.
        self._kill_session()
        code = None if self._child is None else self._child.wait()
        if self._cgroup is not None:
            self.overran = self._cgroup.overran()
            self._cgroup.remove()
        self._close()
        if read_record(self._path) == self.record:
            with suppress(OSError):
                self._path.unlink()
        if not self._code.done():
            self._code.set_result(code)

    def _kill_session(self) -> None:
        for _ in range(_ROUNDS_MAX):  # as long as somebody in it forks
            members = session_members(self.pid, self.record.start)
            for pid in members:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if not members:
                return

    def _close(self) -> None:
        if self._poll is not None:
            self._poll.cancel()
        if self._descriptor is not None:
            self._loop.remove_reader(self._descriptor)
            os.close(self._descriptor)
            self._descriptor = None


def read_record(path: Path) -> Record | None:
    """What is written down of a process; None if nothing is that could be relied on."""
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(_RECORD_BYTES_MAX), type=Record)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def _start(program: Program, gate: int, output: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(  # noqa: S603 - commands are ours, from files only this user writes
        (*_SHELL, *program.command),
        stdin=gate,
        stdout=output,
        stderr=output,
        cwd=program.folder,
        env=dict(program.environment),
        umask=0o077,
        start_new_session=True,
    )


def _enclose(program: Program, record: Path, pid: int) -> None:
    """Before it begins, so that nothing of it is ever outside."""
    if program.gives_way:
        put_behind(pid)
    if program.limits == HostLimits() or (cgroup := Cgroup.of(record)) is None:
        return
    try:
        cgroup.enclose(pid, program.limits)
    except OSError as error:
        log.warning("%s is not limited by the kernel: %s", program.name, error)


def _record(program: Program, child: subprocess.Popen[bytes]) -> Record:
    start = start_of(child.pid)
    if start is None:
        raise ChildProcessError(errno.ECHILD, f"{program.name} ended before it began")
    return Record(program.name, child.pid, start, program.fingerprint())


def _open_descriptor(pid: int) -> int | None:
    """A descriptor that stands for this process alone; None where the kernel has no such thing."""
    if not hasattr(os, "pidfd_open"):
        return None
    try:
        return os.pidfd_open(pid)
    except OSError as error:
        if error.errno in {errno.ENOSYS, errno.EPERM, errno.EINVAL}:  # old, or a sandbox forbids
            return None
        raise


def is_running(name: str, state: StateFolder) -> bool:
    """Whether the process that was recorded under a name runs; nobody need watch it."""
    record = read_record(state.record(name))
    return record is not None and start_of(record.pid) == record.start
