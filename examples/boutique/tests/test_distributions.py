"""Each service is a distribution of its own: it says what it needs, and knows of others only what they publish."""

import ast
import tomllib
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

FOLDERS = sorted(
    path.parents[1] for path in Path(__file__).parents[1].glob("*/boutique_*/service.py")
)


def imported(folder):
    """Modules of the boutique that a distribution's code imports from others."""
    for path in folder.glob("boutique_*/**/*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                module = node.module or ""
                if module.startswith("boutique_") and not module.startswith(
                    f"boutique_{folder.name}"
                ):
                    yield module if "." in module else f"{module}.{node.names[0].name}"


def needed(folder):
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == f"boutique-{folder.name}"
    return {
        one.removeprefix("boutique-")
        for one in project["dependencies"]
        if one.startswith("boutique-")
    }


def test_there_are_ten():
    assert len(FOLDERS) == 10


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_needs_what_it_imports_and_nothing_else(folder):
    assert {
        module.partition(".")[0].removeprefix("boutique_") for module in imported(folder)
    } == needed(folder)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: folder.name)
def test_it_never_looks_behind_a_contract(folder):
    assert {module.partition(".")[2] for module in imported(folder)} <= {"api", "rules", "money"}


def test_none_needs_itself_by_way_of_others():
    TopologicalSorter({folder.name: needed(folder) for folder in FOLDERS}).prepare()
