"""`[files]` of `hanse.toml`: which folders are served where, and which cannot be."""

from pathlib import Path

import pytest

from hanse.cli.serving import make_host
from hanse.runtime.project.files_table import ServedFolder
from hanse.runtime.project.project import Project, ProjectError, read_project
from hanse.testing.http_client import HttpClient

SERVICE = """
from hanse import PUBLIC, Html, Service, page, rpc


class Marina(Service):
    @rpc("GET /marina/v1/count", allow=PUBLIC)
    async def count(self) -> int:
        return 1

    @page("/static/page", allow=PUBLIC)
    async def page(self) -> Html:
        return Html("a page")
"""


class Folder:
    """A project whose module has a name of its own, since Python imports a name once."""

    def __init__(self, path: Path) -> None:
        self.path = path
        module = f"marina_with_files_{abs(hash(str(path)))}"
        self.head = f'[project]\nname = "marina"\nservices = ["{module}:Marina"]\n'
        (path / f"{module}.py").write_text(SERVICE)
        (path / "shop" / "static").mkdir(parents=True)
        (path / "shop" / "static" / "shop.css").write_text("p { color: red }")
        (path / "shop" / "robots.txt").write_text("nobody")

    def read(self, text: str, environment: str = "") -> Project:
        (self.path / "hanse.toml").write_text(self.head + text)
        return read_project(self.path, environment)

    def problems(self, text: str) -> list[str]:
        with pytest.raises(ProjectError) as raised:
            self.read(text).files()
        return list(raised.value.problems)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Folder:
    monkeypatch.setattr("sys.path", list(__import__("sys").path))
    return Folder(tmp_path)


async def test_files_are_served_beside_the_pages_of_a_project(folder: Folder) -> None:
    project = folder.read(
        '[files]\n"/static" = { folder = "shop/static", max_age = 3600 }\n"/" = "shop"\n'
    )

    async with make_host(project, port=0) as host:
        http = HttpClient(host.url)
        style = await http.get("/static/shop.css")
        robots = await http.get("/robots.txt")
        page = await http.get("/static/page")
        again = await http.get("/robots.txt", {"if-none-match": robots.headers["etag"]})
        source = await http.get("/hanse.toml")

    assert (style.text, style.headers["cache-control"]) == ("p { color: red }", "max-age=3600")
    assert (robots.text, robots.headers["cache-control"]) == ("nobody", "max-age=0")
    assert page.text == "a page"
    assert (again.status, source.status) == (304, 404)


def test_an_environment_may_serve_others(folder: Folder) -> None:
    text = '[files]\n"/static" = "shop/static"\n[environments.live.files]\n"/static" = "shop"\n'

    assert folder.read(text).files() == (
        ServedFolder("/static", folder.path / "shop" / "static", 0),
    )
    assert folder.read(text, "live").files() == (ServedFolder("/static", folder.path / "shop", 0),)


FOLDER = 'a folder is "shop/static", or { folder = "shop/static", max_age = 3600 } with seconds up to a year.'
PREFIX = 'a prefix is the beginning of a path, like "/static".'
WRONG = {
    '"/static" = 5': f'files."/static": expected `str | object`, got `int`; {FOLDER[:-1]}',
    '"/static" = ""': f'files."/static": {FOLDER[:-1]}',
    '"/static" = { folder = "shop", maxage = 5 }': f'files."/static": {FOLDER[:-1]}',
    '"/static" = { folder = "shop", max_age = -1 }': f'files."/static": {FOLDER[:-1]}',
    '"/static" = { max_age = 1 }': f'files."/static": {FOLDER[:-1]}',
    '"static" = "shop"': f"files.static: {PREFIX}",
    '"/static/" = "shop"': f'files."/static/": {PREFIX}',
    '"/../static" = "shop"': f'files."/../static": {PREFIX}',
    '"/static" = "nowhere"': "there is no folder nowhere; make it, or name another.",
    '"/static" = "shop/robots.txt"': "there is no folder shop/robots.txt",
    '"/" = "."': ". holds the project itself, which is not for everybody to read; name a folder inside.",
    '"/" = "shop/.."': "shop/.. holds the project itself",
    '"/" = "/"': "/ holds the project itself",
}  # fmt: skip


@pytest.mark.parametrize("line", WRONG)
def test_a_wrong_line_is_named_with_the_way_out(folder: Folder, line: str) -> None:
    [problem] = folder.problems(f"[files]\n{line}\n")

    assert problem.startswith(f"hanse.toml:5: {WRONG[line]}"), problem


def test_all_folders_that_cannot_be_served_are_named_at_once(folder: Folder) -> None:
    found = folder.problems('[files]\n"/a" = "nowhere"\n"/b" = "shop"\n"/c" = "."\n')

    assert [one.partition(": ")[0] for one in found] == ["hanse.toml:5", "hanse.toml:7"]
