"""A developer reads what is wrong and where, each place once."""

import textwrap
from pathlib import Path

import pytest

from hanse.runtime.project.failure import explain
from hanse.runtime.project.project import read_project
from hanse.runtime.project.serving import make_host

HEAD = """
from hanse import PUBLIC, Service, rpc

def lay() -> None:
    raise RuntimeError("no bed")

class Inn(Service):
    '''Sleeps.'''
    def __init__(self) -> None:
"""
TAIL = """
    @rpc("GET /inn/v1/beds", allow=PUBLIC)
    async def beds(self) -> int:
        '''How many.'''
        return 0
"""


@pytest.fixture
def said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What is said of a service whose constructor does something."""
    monkeypatch.setattr("sys.path", [str(tmp_path)])

    def of(module: str, does: str) -> str:
        (tmp_path / "hanse.toml").write_text(
            f'[project]\nname = "inn"\nservices = ["{module}:Inn"]\n'
        )
        text = HEAD + textwrap.indent(does, " " * 8) + TAIL
        (tmp_path / f"{module}.py").write_text(text)
        with pytest.raises(Exception, match=r".") as raised:
            make_host(read_project(tmp_path), {})
        (sentence,) = explain(raised.value, tmp_path)
        return sentence

    return of


def test_a_constructor_that_raises_is_named_once(said) -> None:
    assert said("inn_at_once", 'raise RuntimeError("full")') == (
        'inn_at_once.py:10: RuntimeError: full\n    raise RuntimeError("full")'
    )


def test_who_called_what_raised_is_named_behind_it(said) -> None:
    assert said("inn_by_a_call", "lay()") == (
        "inn_by_a_call.py:5: RuntimeError: no bed\n"
        '    raise RuntimeError("no bed")\n'
        "    inn_by_a_call.py:10  lay()"
    )


def test_where_nothing_of_the_project_raised_its_nearest_line_is_shown(said) -> None:
    assert said("inn_elsewhere", 'int("x")').startswith(
        "inn_elsewhere.py:10: ValueError: invalid literal"
    )
