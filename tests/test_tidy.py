"""Holds the tree to the rules of the house, and each rule to a bad and a good sample."""

import tomllib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pytest

from tests.tidy import calls, links, sizes, words
from tests.tidy.source import Finding, Source, python_files

ROOT = Path(__file__).resolve().parent.parent

FileRule = Callable[[Source], Iterator[Finding]]
TreeRule = Callable[[Iterable[Source]], Iterator[Finding]]

FILE_RULES: tuple[FileRule, ...] = (
    sizes.line_length,
    sizes.parameters,
    sizes.test_file_length,
    words.first_line,
    words.banned_name,
    words.leftover,
    words.silenced_without_reason,
    calls.banned_call,
    calls.stray_task,
    calls.swallowed_error,
)
TREE_RULES: tuple[TreeRule, ...] = (sizes.folder_depth, sizes.folder_width)


@pytest.fixture(scope="module")
def sources() -> list[Source]:
    return python_files(ROOT)


def expect_none(findings: Iterable[object]) -> None:
    """Fail with the bare list: the faults are elsewhere, a traceback of here helps nobody."""
    if listed := "\n".join(map(str, findings)):
        pytest.fail(listed, pytrace=False)


@pytest.mark.parametrize("rule", FILE_RULES, ids=lambda rule: rule.__name__)
def test_files_keep_the_rule(rule: FileRule, sources: list[Source]) -> None:
    expect_none([finding for source in sources for finding in rule(source)])


@pytest.mark.parametrize("rule", TREE_RULES, ids=lambda rule: rule.__name__)
def test_folders_keep_the_rule(rule: TreeRule, sources: list[Source]) -> None:
    expect_none(list(rule(sources)))


def test_files_and_functions_are_short_or_listed(sources: list[Source]) -> None:
    listed = tomllib.loads((ROOT / "tests/tidy/ratchet.toml").read_text())
    found = [
        *sizes.ratchet(sizes.FILE, sizes.file_lengths(sources), listed["files"]),
        *sizes.ratchet(sizes.FUNCTION, sizes.function_lengths(sources), listed["functions"]),
    ]
    expect_none(found)


def test_papers_have_no_dead_link() -> None:
    expect_none(list(links.dead_link(ROOT)))


class Sample(NamedTuple):
    """Text that must break a rule and its mended twin that must not, as if they lay at path."""

    rule: FileRule
    bad: str
    good: str
    path: str = "src/hanse/runtime/sample.py"


SAMPLES = (
    Sample(sizes.line_length, "x = 1" + " " * 96, "x = 1" + " " * 95),
    Sample(sizes.line_length, "#" * 161, "#" * 160, "src/hanse/kit/tests/test_x.py"),
    Sample(
        sizes.parameters, "def f(a, b, c, d, e, f, g): ...", "def f(self, a, b, c, d, e, f): ..."
    ),
    Sample(sizes.parameters, "def f(a, *, b, c, d, e, f, g): ...", "def f(a, *, b, **rest): ..."),
    Sample(
        sizes.parameters,
        "@rpc()\ndef f(a, b, c, d, e, f, g): ...",
        "@form('/x')\ndef f(a, b, c, d, e, f, g): ...",
    ),
    Sample(sizes.test_file_length, "\n" * 801, "\n" * 800, "src/hanse/kit/tests/test_x.py"),
    Sample(words.first_line, "import os", '"""Says what it is for."""\nimport os'),
    Sample(words.first_line, '"""No full stop"""', ""),
    Sample(words.leftover, "x = 1  # TODO: later", "x = 1  # a todo list is no leftover"),
    Sample(words.leftover, "# FIXME", "PREFIXME = 1"),
    Sample(words.leftover, "# XXX", "# XXXL"),
    Sample(
        words.silenced_without_reason,
        "x = 1  # noqa: S101",
        "x = 1  # noqa: S101  states an invariant",
    ),
    Sample(
        words.silenced_without_reason,
        "x = 1  # noqa: S101, BLE001, PT011",
        "x = 1  # noqa: S101, BLE001 - a state, told apart",
    ),
    Sample(
        words.silenced_without_reason,
        "x = 1  # pyright: ignore[reportPrivateUsage]",
        "x = 1  # pyright: ignore[reportPrivateUsage]  # the library offers no other way",
    ),
    Sample(
        words.silenced_without_reason,
        "import x\n# pyright: basic",
        "# The library has no types.\n# pyright: basic",
    ),
    Sample(
        words.silenced_without_reason,
        "x = 1  # type: ignore",
        "# The stub is wrong here.\nx = 1  # type: ignore[misc]",
    ),
    Sample(
        calls.banned_call,
        "import time\ntime.time()",
        "import time\ntime.strftime('%Y')",
    ),
    Sample(calls.banned_call, "from time import time as now\nnow()", "def now(): ...\nnow()"),
    Sample(calls.banned_call, "import time as t\nt.sleep(1)", "import t\nt.sleep(1)"),
    Sample(
        calls.banned_call,
        "import asyncio\nasync def f(): await asyncio.sleep(1)",
        "import asyncio\nasync def f(): await asyncio.sleep(0)",
    ),
    Sample(
        calls.banned_call,
        "import datetime\ndatetime.datetime.now()",
        "import datetime\ndatetime.datetime.fromtimestamp(0)",
    ),
    Sample(
        calls.banned_call,
        "from datetime import datetime\ndatetime.now()",
        "from datetime import datetime\ndatetime.fromtimestamp(0)",
    ),
    Sample(calls.banned_call, "import random\nrandom.choice([1])", "import rand\nrand.choice([1])"),
    Sample(
        calls.banned_call,
        "import random\nrandom.Random()",
        "import random\ndef f(r: random.Random): ...\nf(random.Random(7))",
    ),
    Sample(calls.banned_call, "from random import choice\nchoice([1])", "choice([1])"),
    Sample(calls.banned_call, "import uuid\nuuid.uuid4()", "import uuid\nuuid.UUID(int=1)"),
    Sample(calls.banned_call, "import os\nos.environ['X']", "import os\nos.fspath('X')"),
    Sample(calls.banned_call, "import os\nos.getenv('X')", "getenv('X')"),
    Sample(calls.banned_call, "print(1)", "log.info(1)"),
    Sample(calls.stray_task, "loop.create_task(f())", "loop.call_soon(f)"),
    Sample(calls.stray_task, "import asyncio\nasyncio.ensure_future(f())", "host.give(f())"),
    Sample(
        calls.swallowed_error,
        "try:\n    f()\nexcept Exception:\n    pass",
        "try:\n    f()\nexcept OSError:\n    pass",
    ),
    Sample(
        calls.swallowed_error,
        "try:\n    f()\nexcept:\n    ...",
        "try:\n    f()\nexcept Exception:\n    log()",
    ),
    Sample(
        calls.swallowed_error,
        "with contextlib.suppress(Exception): f()",
        "with contextlib.suppress(OSError): f()",
    ),
)


@pytest.mark.parametrize("sample", SAMPLES, ids=lambda sample: sample.rule.__name__)
def test_rule_finds_the_bad_and_spares_the_good(sample: Sample) -> None:
    path = PurePosixPath(sample.path)
    assert list(sample.rule(Source(path, sample.bad))), "the bad sample passed"
    assert not list(sample.rule(Source(path, sample.good))), "the good sample failed"


@pytest.mark.parametrize(
    ("rule", "text", "free"),
    [
        (calls.banned_call, "print(1)", "src/hanse/kit/clock.py"),
        (calls.banned_call, "print(1)", "src/hanse/cli/new.py"),
        (calls.banned_call, "print(1)", "src/hanse/runtime/tests/test_x.py"),
        (calls.banned_call, "print(1)", "scripts/check.py"),
        (calls.stray_task, "loop.create_task(f())", "src/hanse/runtime/call/local.py"),
        (calls.stray_task, "loop.create_task(f())", "src/hanse/runtime/asgi/protocol.py"),
        (calls.stray_task, "loop.create_task(f())", "src/hanse/runtime/host.py"),
    ],
)
def test_rule_knows_where_it_does_not_hold(rule: FileRule, text: str, free: str) -> None:
    assert not list(rule(Source(PurePosixPath(free), text)))
    assert list(rule(Source(PurePosixPath("src/hanse/runtime/x.py"), text)))


@pytest.mark.parametrize("name", ["utils.py", "http_helpers.py", "common/x.py", "base.py"])
def test_file_names_that_say_nothing_are_found(name: str) -> None:
    assert list(words.banned_name(Source(PurePosixPath("src/hanse/kit", name), "")))


@pytest.mark.parametrize("name", ["clock.py", "base64url.py", "database.py"])
def test_file_names_that_say_something_are_spared(name: str) -> None:
    assert not list(words.banned_name(Source(PurePosixPath("src/hanse/kit", name), "")))


def test_folders_may_be_four_deep_and_no_deeper() -> None:
    fits = Source(PurePosixPath("src/hanse/a/b/c/x.py"), "")
    deep = Source(PurePosixPath("src/hanse/a/b/c/d/x.py"), "")
    assert [finding.path for finding in sizes.folder_depth([fits, deep])] == [deep.path]


def test_folders_may_hold_fourteen_modules_beside_tests_and_init() -> None:
    names = [f"m{number}.py" for number in range(14)] + ["__init__.py", "tests/test_a.py"]
    full = [Source(PurePosixPath("src/hanse/a", name), "") for name in names]
    assert not list(sizes.folder_width(full))
    assert list(sizes.folder_width([*full, Source(PurePosixPath("src/hanse/a/one_more.py"), "")]))


LIMIT = sizes.Limit("file", wish=3, never=5)


@pytest.mark.parametrize(
    ("measured", "listed", "faults"),
    [
        ({"a": 3}, {}, 0),
        ({"a": 4}, {}, 1),
        ({"a": 4}, {"a": 4}, 0),
        ({"a": 5}, {"a": 4}, 1),
        ({"a": 6}, {"a": 6}, 1),
        ({"a": 3}, {"a": 4}, 1),
        ({}, {"gone": 4}, 1),
    ],
)
def test_ratchet_only_turns_one_way(
    measured: dict[str, int], listed: dict[str, int], faults: int
) -> None:
    assert len(list(sizes.ratchet(LIMIT, measured, listed))) == faults


def test_function_length_leaves_the_docstring_out() -> None:
    text = 'class A:\n    def f(self):\n        """One.\n\n        Two.\n        """\n        return 1\n'
    source = Source(PurePosixPath("src/hanse/x.py"), text)
    assert sizes.function_lengths([source]) == {"src/hanse/x.py::A.f": 2}


def test_dead_links_are_found_and_living_ones_spared(tmp_path: Path) -> None:
    (tmp_path / "there.md").write_text("[up](../gone.md)\n")
    (tmp_path / "README.md").write_text(
        "[a](there.md#part) [b](https://example.org/x) [c](#part)\n"
        "`[d](gone.md)`\n```\n[e](gone.md)\n```\n[f](gone.md)\n"
    )
    found = [(str(finding.path), finding.line) for finding in links.dead_link(tmp_path)]
    assert found == [("README.md", 6), ("there.md", 1)]


def test_every_rule_for_files_has_a_sample() -> None:
    by_name = {words.banned_name}
    assert set(FILE_RULES) - by_name == {sample.rule for sample in SAMPLES}
