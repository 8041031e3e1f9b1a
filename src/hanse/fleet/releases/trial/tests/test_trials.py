"""Whatever code does while it is imported, it does to its own release: its neighbours are described as ever."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import msgspec
import pytest

from hanse.fleet.releases.trial import trials
from hanse.fleet.releases.trial.facts import Answer
from hanse.fleet.releases.trial.question import Part, Question

if TYPE_CHECKING:
    from pathlib import Path

SERVICE = """
from hanse import PUBLIC, Service, rpc

class Shop(Service, package="{name}.v1"):
    @rpc("GET /{name}/v1/things", allow=PUBLIC)
    async def things(self) -> str: ...

{text}
"""

HOSTILE = {
    "exits": ("import os; os._exit(3)", "exits:Shop ends the process that imports it (exit code 3)."),
    "quits": ("import sys; sys.exit('no')", "quits.py:8: SystemExit: no"),
    "dies": ("import os; os.kill(os.getpid(), 9)", "dies:Shop ends the process that imports it (SIGKILL)."),
    "crashes": ("import ctypes; ctypes.string_at(0)", "It was at crashes.py:8."),
    "lacks": ("import nothing_there", "lacks.py:8: ModuleNotFoundError: No module named 'nothing_there'"),
    "fails": ("1 / 0", "fails.py:8: ZeroDivisionError: division by zero"),
    "babbles": (
        "import os\nfor one in range(3, 64):\n    try:\n        os.write(one, b'}garbage')\n    except OSError:\n        pass",
        "babbles:Shop answers with what is no description.",
    ),
    "floods": (
        "import os\nwhile True:\n    os.write(3, b'x' * 65536)",
        "floods:Shop answers with more than 16777216 bytes.",
    ),
    "keeps_silent": (
        "import os; os.write(3, b'{}'); os._exit(0)",
        "keeps_silent:Shop answers for some of its services alone.",
    ),
    "pretends": (
        "import msgspec\nfrom hanse.fleet.releases.trial import facts\nreal = facts.survey_of\n"
        "facts.survey_of = lambda *a: msgspec.structs.replace(real(*a), contract='pay.v1.Pay')",
        "pretends:Shop answers for pretends:Shop, pay.v1.Pay.",
    ),
    "usurps": (
        "from hanse.fleet.releases.trial import facts\nreal = facts.Answer\n"
        "facts.Answer = lambda told, said: real({'good:Shop': facts._describe('good:Shop', Shop)}, said)",
        "usurps:Shop answers for good:Shop, usurps.v1.Shop.",
    ),
    "devours": ("x = bytearray(3 * 1024**3)", "devours.py:8: MemoryError: "),
}  # fmt: skip


def part(folder: Path, name: str, text: str = "") -> Part:
    code = folder / name
    code.mkdir(parents=True)
    (code / f"{name}.py").write_text(SERVICE.format(name=name, text=text))
    return Part((f"{name}:Shop",), str(code))


def asked(*parts: Part, seconds: float = 60, memory_bytes: int = 2 * 1024**3) -> Answer:
    """In a process of its own, as a build does it for another Python."""
    question = Question(parts=parts, seconds=seconds, memory_bytes=memory_bytes)
    command = (sys.executable, "-P", "-m", trials.__name__)
    done = subprocess.run(
        command, input=msgspec.json.encode(question), capture_output=True, check=False
    )
    assert done.returncode == 0, done.stderr.decode()
    return msgspec.json.decode(done.stdout, type=Answer)


@pytest.fixture(scope="module")
def among_hostile(tmp_path_factory: pytest.TempPathFactory) -> Answer:
    """One good service, and all that are not, in one go."""
    folder = tmp_path_factory.mktemp("hostile")
    bad = [part(folder, name, text) for name, (text, _) in HOSTILE.items()]
    return asked(*bad[:6], part(folder, "good"), *bad[6:])


@pytest.mark.parametrize("name", HOSTILE)
def test_what_harms_itself_is_named(among_hostile: Answer, name: str) -> None:
    assert f"{name}:Shop" not in among_hostile.facts
    assert any(HOSTILE[name][1] in one for one in among_hostile.problems), among_hostile.problems
    assert any(f"{name}:Shop" in one for one in among_hostile.problems)


def test_who_is_beside_is_described_as_ever(among_hostile: Answer, tmp_path: Path) -> None:
    alone = asked(part(tmp_path, "good"))
    assert alone.problems == ()
    assert among_hostile.facts == alone.facts


def test_who_takes_too_long_is_ended_and_told_where_it_was(tmp_path: Path) -> None:
    slow = part(tmp_path, "slow", "while True: pass")
    assert asked(slow, seconds=2).problems == (
        "slow:Shop takes longer than 2 s to import.",
        "It was at slow.py:8.",
        "Importing should define things and do nothing; what works belongs into a constructor.",
    )


STRAY = """
import os
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        open({note!r}, "w").write(str(os.getpid()))
        while True: pass
    os._exit(0)
while not os.path.exists({note!r}): pass
os.fork()
print("much" * 1_000_000)
"""


def test_what_an_import_has_started_ends_with_it(tmp_path: Path) -> None:
    note = tmp_path / "stray"
    told = asked(part(tmp_path, "forks", STRAY.format(note=str(note))))
    assert told.problems == ()
    assert list(told.facts) == ["forks:Shop"]
    with pytest.raises(ProcessLookupError):
        os.kill(int(note.read_text()), 0)
