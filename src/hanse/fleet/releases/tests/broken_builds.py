"""Builds a project again and again, and breaks each build off where it does something to the shelf.

`python broken_builds.py FOLDER kill|fill all|some`, in one process that forks for each build: what
Python itself says of each opened, renamed or linked file is where things go wrong. Says as JSON for
each of these places how the broken build ended, and what is wrong after the next one.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from hanse.fleet.releases import built
from hanse.fleet.releases.shelf import Shelf
from hanse.fleet.releases.tree import digest_of
from hanse.fleet.releases.wish import read_wish

WATCHED = {
    "open",
    "os.rename",
    "os.link",
    "os.mkdir",
    "os.chmod",
    "os.remove",
    "os.rmdir",
    "os.utime",
}
STATE = Path(".hanse")
SHELF = STATE / "up/releases"
SOURCE = """
from hanse import PUBLIC, Service, rpc

class Stock(Service):
    @rpc("GET /stock/v1/left", allow=PUBLIC)
    async def left(self) -> int:
        return {number}
"""
SOME = ("rename of blobs", "link of .trees", "open of .releases", "rename of wishes")


def place_of(event: str, arguments: tuple[Any, ...]) -> str:
    """Like `rename of blobs`; a draft has a dot. Empty for what does nothing to the shelf."""
    if event not in WATCHED or not isinstance(arguments[0], str | os.PathLike):
        return ""
    if event == "open" and not (arguments[2] & (os.O_WRONLY | os.O_RDWR)):
        return ""
    named = arguments[1] if event in {"os.rename", "os.link"} else arguments[0]
    _, inside, path = str(named).partition(f"{SHELF}/")
    if not inside:
        return ""
    folder, _, rest = path.partition("/")
    name = rest.rpartition("/")[2] if folder == "blobs" else rest
    return f"{event.removeprefix('os.')} of {'.' if name.startswith('.') else ''}{folder}"


def breaking(harm: Callable[[str], None]) -> None:
    """Has something happen just before the builder, and no child of it, does something."""
    own, busy = os.getpid(), []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if os.getpid() != own or busy:
            return
        busy.append(1)
        place = place_of(event, arguments)
        if place:
            harm(place)
        busy.clear()

    sys.addaudithook(hook)


def forked(work: Callable[[], Any]) -> Any:
    """What a child answers; None if it was killed."""
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            os.write(write, msgspec.json.encode(work()))
            os._exit(0)
        except BaseException as error:  # noqa: BLE001 - it is told
            os.write(write, msgspec.json.encode({"error": repr(error)}))
        os._exit(1)
    os.close(write)
    with os.fdopen(read, "rb") as said:
        answer = said.read()
    os.waitpid(pid, 0)
    return msgspec.json.decode(answer) if answer else None


def build() -> dict[str, Any]:
    return msgspec.to_builtins(built.build(Path.cwd(), ""))


def places() -> list[str]:
    """All where a build comes by, that makes everything."""
    found: dict[str, None] = {}

    def work() -> list[str]:
        breaking(lambda place: found.setdefault(place))
        assert not build()["problems"]
        return list(found)

    return forked(work)


def killed_at(wanted: str) -> Any:
    def harm(place: str) -> None:
        if place == wanted:
            os.kill(os.getpid(), signal.SIGKILL)

    return forked(lambda: (breaking(harm), build())[1])


def size(blocks: str) -> None:
    subprocess.run(["mount", "-o", f"remount,size={blocks}", str(STATE)], check=True)


def filled_at(wanted: str) -> Any:
    """The disk is full from there on; it is a small one of its own."""

    def harm(place: str) -> None:
        if place == wanted:
            found = os.statvfs(STATE)
            size(f"{(found.f_blocks - found.f_bfree) * found.f_frsize}")

    try:
        return forked(lambda: (breaking(harm), build())[1])
    finally:
        size("400m")


def wrong(shelf: Shelf, wishes: list[Path], *, left: bool = True) -> list[str]:
    """What lies there that is broken, half or left behind; nothing should."""
    said: list[str] = []
    for path in wishes:
        wish = read_wish(path.stem, shelf)
        shelf.check(shelf.tree(wish.code))
        shelf.read(wish.settings)
        for digest in wish.releases.values():
            shelf.get(digest)
    if left:
        said += [str(path) for path in SHELF.rglob(".*")]
        said += [str(path) for path in shelf.blobs.glob("*/*") if not is_whole(path)]
    return said


def is_whole(blob: Path) -> bool:
    return digest_of(blob.read_bytes()) == blob.name and blob.stat().st_mode & 0o777 == 0o444


def tried(number: int, place: str, harmed: Callable[[str], Any]) -> dict[str, Any]:
    """Breaks the build of a change at a place, and builds it once more."""
    Path("stock.py").write_text(SOURCE.format(number=number))
    shelf = Shelf(SHELF)
    if "runtimes" in place:
        subprocess.run(["rm", "-r", *map(str, shelf.runtimes.iterdir())], check=True)
    before = list(shelf.wishes.iterdir())
    broken = harmed(place)
    lost = forked(lambda: wrong(shelf, before, left=False))  # of what ran before
    again = forked(build)
    left = forked(lambda: wrong(shelf, list(shelf.wishes.iterdir())))
    told = ["killed"] if broken is None else broken.get("problems", broken)
    return {"place": place, "told": told, "lost": lost, "again": again["problems"], "left": left}


def main() -> None:
    os.chdir(sys.argv[1])
    Path("hanse.toml").write_text('[project]\nname = "shop"\nservices = ["stock:Stock"]\n')
    Path("stock.py").write_text(SOURCE.format(number=0))
    harmed = killed_at if sys.argv[2] == "kill" else filled_at
    found = places()
    chosen = [one for one in found if sys.argv[3] == "all" or one in SOME]
    done = [tried(number, place, harmed) for number, place in enumerate(chosen, start=1)]
    sys.stdout.buffer.write(msgspec.json.encode({"places": found, "done": done}))


if __name__ == "__main__":
    main()
