"""Every page is run: its named blocks become files of a folder, and its tests run there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forked_pytest import ForkedPytest

DOCS = Path(__file__).parent.parent / "docs"
BLOCK = re.compile(
    r"^```(?:python|toml|sql|text|html) (?P<name>\S+)\n(?P<code>.*?)^```$", re.MULTILINE | re.DOTALL
)
ASYNC = "[pytest]\nasyncio_mode = auto\nasyncio_default_fixture_loop_scope = function\n"

ELSEWHERE = {"debug", "query"}
"""What needs an editor or a terminal, and is tested beside `hanse dev`; what is no code, and is
tested beside the query language."""

GUIDE, HOW_TO = (sorted((DOCS / part).glob("*.md")) for part in ("guide", "how-to"))
PAGES = [page for page in (*GUIDE, *HOW_TO) if page.stem not in ELSEWHERE]


def blocks_of(page: Path) -> dict[str, str]:
    return {found["name"]: found["code"] for found in BLOCK.finditer(page.read_text())}


@pytest.fixture(scope="module")
def forked() -> Iterator[ForkedPytest]:
    with ForkedPytest("hanse", "hanse.testing") as forked:
        yield forked


@pytest.mark.parametrize("page", PAGES, ids=[page.stem for page in PAGES])
def test_a_page_does_what_it_says(page: Path, tmp_path: Path, forked: ForkedPytest) -> None:
    blocks = blocks_of(page)
    assert any(name.startswith("test_") for name in blocks), (
        f"{page.name} proves nothing: add a test"
    )
    for name, code in blocks.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(code)
    (tmp_path / "pytest.ini").write_text(ASYNC)
    code, said = forked.run(tmp_path, "-W", "error", ".", seconds=120)
    assert code == 0, f"{page.name}:\n{said}"


def test_the_pages_the_readme_promises_are_there() -> None:
    promised = {"ten-lines", "call-another-service", "next-to-fastapi", "api-keys"}
    assert {page.stem for page in PAGES} >= promised
