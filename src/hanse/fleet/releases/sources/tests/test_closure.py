"""A release carries what its service may import, and what lies beside that; nothing runs to know it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hanse.fleet.releases.sources.closure import Sources
from hanse.fleet.releases.sources.imports import imports_of

if TYPE_CHECKING:
    from pathlib import Path


def lay(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


SHOP = {
    "shop/__init__.py": "",
    "shop/service.py": "from shop.rules import price\nfrom . import words\nimport json\n",
    "shop/rules.py": "def price(): ...\n",
    "shop/words.py": "",
    "shop/other.py": "",
    "shop/templates/home.html": "",
    "shop/migrations/0001-first.sql": "",
    "shop/tests/test_shop.py": "",
    "shop/.env": "",
    "bank/__init__.py": "",
    "bank/service.py": "",
}


def test_a_service_carries_what_it_imports_and_what_lies_beside_that(tmp_path: Path) -> None:
    lay(tmp_path, SHOP)

    found = Sources([tmp_path]).closure("shop.service")

    assert sorted(found) == [
        "shop/__init__.py",
        "shop/migrations/0001-first.sql",
        "shop/rules.py",
        "shop/service.py",
        "shop/templates/home.html",
        "shop/words.py",
    ]


@pytest.mark.parametrize(
    "text",
    [
        "import bank.service",
        "from bank import service",
        "def later():\n    from bank.service import Bank\n",
        "import importlib\nimportlib.import_module('bank.service')",
        "try:\n    import bank.service\nexcept ImportError:\n    pass",
        "if False:\n    import bank.service as other",
    ],
)
def test_wherever_an_import_stands_it_is_followed(tmp_path: Path, text: str) -> None:
    lay(tmp_path, SHOP | {"shop/service.py": text})
    assert "bank/service.py" in Sources([tmp_path]).closure("shop.service")


def test_who_imports_what_only_a_run_could_tell_carries_its_whole_package(tmp_path: Path) -> None:
    lay(tmp_path, SHOP | {"shop/service.py": "def find(name):\n    return __import__(name)\n"})
    found = Sources([tmp_path]).closure("shop.service")
    assert {"shop/rules.py", "shop/other.py", "shop/words.py"} <= set(found)
    assert "bank/service.py" not in found


def test_who_reads_from_another_package_carries_its_data(tmp_path: Path) -> None:
    text = "from jinja2 import PackageLoader\nloader = PackageLoader('bank')\n"
    lay(tmp_path, SHOP | {"shop/service.py": text, "bank/templates/note.html": ""})
    assert "bank/templates/note.html" in Sources([tmp_path]).closure("shop.service")


def test_of_a_module_in_no_package_only_data_lies_beside_it(tmp_path: Path) -> None:
    files = {"app.py": "import prices", "prices.py": "", "other.py": "", "README.md": ""}
    lay(
        tmp_path,
        {**files, "hanse.toml": "", "static/a.css": "", "scripts/x.py": "", "scripts/y.js": ""},
    )
    found = Sources([tmp_path]).closure("app")
    assert sorted(found) == ["app.py", "prices.py", "static/a.css"]


def test_what_a_fleet_keeps_in_the_project_is_no_source(tmp_path: Path) -> None:
    lay(
        tmp_path,
        {"app.py": "", "kept/b/base.json": "", ".hanse/up/left.json": "", "sent/x.json": ""},
    )
    found = Sources([tmp_path], [tmp_path / "kept"]).closure("app")
    assert sorted(found) == ["app.py", "sent/x.json"]


def test_images_that_were_written_into_the_project_are_no_source(tmp_path: Path) -> None:
    lay(tmp_path, {"app.py": "", "image/oci-layout": "", "image/index.json": "", "sent/x.json": ""})
    assert sorted(Sources([tmp_path]).closure("app")) == ["app.py", "sent/x.json"]


def test_the_first_folder_that_has_a_module_wins_as_in_python(tmp_path: Path) -> None:
    lay(tmp_path, {"one/app.py": "first = 1", "two/app.py": "second = 2", "two/late.py": ""})
    sources = Sources([tmp_path / "one", tmp_path / "two"])
    assert sources.closure("app")["app.py"] == tmp_path / "one/app.py"
    assert sources.closure("late")["late.py"] == tmp_path / "two/late.py"


def test_each_file_is_read_once_so_that_a_build_is_of_one_moment(tmp_path: Path) -> None:
    lay(tmp_path, {"app.py": "import prices", "prices.py": "old = 1"})
    sources = Sources([tmp_path])
    path = sources.closure("app")["prices.py"]
    path.write_text("new = 2")
    assert sources.read(path) == b"old = 1"


def test_a_module_of_no_folder_carries_nothing(tmp_path: Path) -> None:
    assert Sources([tmp_path]).closure("json") == {}


def test_a_link_out_of_the_project_is_not_followed(tmp_path: Path) -> None:
    secret = tmp_path / "elsewhere/secret.txt"
    lay(tmp_path, {"elsewhere/secret.txt": "s", "project/shop/__init__.py": ""})
    (tmp_path / "project/shop/notes.txt").symlink_to(secret)
    assert sorted(Sources([tmp_path / "project"]).closure("shop")) == ["shop/__init__.py"]


@pytest.mark.parametrize(
    ("text", "package", "named"),
    [
        ("from . import b", "a", {"a", "a.b"}),
        ("from .b import c", "a", {"a.b", "a.b.c"}),
        ("from ..b import c", "a.x", {"a.b", "a.b.c"}),
        ("from ...b import c", "a", set()),
        ("import a.b, c", "", {"a.b", "c"}),
        ("this is no Python", "", set()),
        ("x = '\0'", "", set()),
    ],
)
def test_names_are_read_from_the_text(text: str, package: str, named: set[str]) -> None:
    assert imports_of(text.encode(), package).names == named
