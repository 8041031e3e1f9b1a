"""Limits by the kernel: a control group (cgroup v2) for a process, where we are given one."""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from hanse.runtime.placement.host_limits import HostLimits

PERIOD_MICROSECONDS = 100_000
_PROC = Path("/proc/self")


class Cgroup:
    """That of one program, whether it is there or not.

    Args:
        folder: Where it is, or would be.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    @classmethod
    def of(cls, record: Path) -> Self | None:
        """The one of the program whose record lies there; None where there can be none."""
        home = home_of_ours()
        if home is None:
            return None
        whose = hashlib.sha256(bytes(record.parent.absolute())).hexdigest()[:12]
        return cls(home / f"hanse-{whose}-{record.stem}")

    def enclose(self, pid: int, limits: HostLimits) -> None:
        """Puts a process in it, and what it will begin, under these limits.

        Raises:
            OSError: The kernel does not let us.
        """
        self._folder.mkdir(exist_ok=True)
        for name, value in _values(limits).items():
            with suppress(FileNotFoundError):  # a controller we were not given
                (self._folder / name).write_text(value)
        (self._folder / "cgroup.procs").write_text(str(pid))

    def overran(self) -> bool:
        """Whether the kernel has killed something in it for memory."""
        with suppress(OSError):
            events = (self._folder / "memory.events").read_text().split()
            return int(dict(zip(events[::2], events[1::2], strict=False)).get("oom_kill", 0)) > 0
        return False

    def remove(self) -> None:
        """Takes it away; nobody is in it any more."""
        with suppress(OSError):
            self._folder.rmdir()


@lru_cache(maxsize=1)
def home_of_ours() -> Path | None:
    """Where groups for our processes can be made; None if nowhere."""
    try:
        own = _own_folder((_PROC / "cgroup").read_text(), (_PROC / "mountinfo").read_text())
    except OSError:  # another system
        return None
    return None if own is None else home_above(*own)


def home_above(own: Path, mount: Path) -> Path | None:
    """The nearest folder from our own one up whose groups are limited, and which is ours to use.

    Both controllers, or else that of memory alone. What has processes of its own cannot pass
    controllers on, so our own group is none where nothing was prepared; and whoever moves a process
    writes in the group above both places.

    Args:
        own: Our own group.
        mount: The topmost.
    """
    above = [one for one in (own, *own.parents) if one == mount or mount in one.parents]
    usable = [one for one in above if _is_ours(one)]
    for wanted in ({"memory", "cpu"}, {"memory"}):
        for one in usable:
            if wanted <= _passed_on(one):
                return one
    return None


def limits_cpu() -> bool:
    """Whether the kernel limits processor time of our processes."""
    home = home_of_ours()
    return home is not None and "cpu" in _passed_on(home)


def _is_ours(folder: Path) -> bool:
    return os.access(folder, os.W_OK) and os.access(folder / "cgroup.procs", os.W_OK)


def _passed_on(folder: Path) -> set[str]:
    try:
        return set((folder / "cgroup.subtree_control").read_text().split())
    except OSError:
        return set()


def _own_folder(groups: str, mounts: str) -> tuple[Path, Path] | None:
    """Our own group and the topmost one, from `/proc/self/cgroup` and `/proc/self/mountinfo`."""
    own = next((line[3:] for line in groups.splitlines() if line.startswith("0::")), None)
    for line in mounts.splitlines():
        fields, _, rest = line.partition(" - ")
        if own is not None and rest.startswith("cgroup2 "):
            root, mount = fields.split()[3:5]
            inside = os.path.relpath(own, root)
            if not inside.startswith(".."):
                return Path(mount) / inside, Path(mount)
    return None


def _values(limits: HostLimits) -> dict[str, str]:
    """What is written into the files of a group; what is not limited is said, too."""
    cpu = "max" if limits.cpu is None else str(int(limits.cpu * PERIOD_MICROSECONDS))
    killed = limits.killed_bytes
    return {
        "memory.max": "max" if killed is None else str(killed),
        "memory.swap.max": "max" if killed is None else "0",
        "memory.oom.group": "1",
        "cpu.max": f"{cpu} {PERIOD_MICROSECONDS}",
    }
