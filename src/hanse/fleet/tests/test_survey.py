"""What is told of a project: where people begin, and the name of its sources, whatever goes on beside them."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from hanse.fleet.plan import plan
from hanse.fleet.survey import release_of, survey
from hanse.runtime.project.placement_table import Group
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.runtime.project.project import Project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    (tmp_path / "hanse.toml").write_text('[project]\nname = "shop"\nservices = ["shop:Shop"]\n')
    (tmp_path / "shop.py").write_text("first = 1\n")
    return read_project(tmp_path)


def test_a_release_has_another_name_when_a_source_has_changed(project: Project) -> None:
    before = release_of(project)
    (project.folder / "shop.py").write_text("first = 2\n")
    assert release_of(project) != before


def test_the_state_of_a_fleet_is_no_source(project: Project) -> None:
    before = release_of(project)
    (project.folder / ".hanse/up").mkdir(parents=True)
    (project.folder / ".hanse/up/left.py").write_text("nothing of ours\n")
    assert release_of(project) == before


def test_what_a_fleet_keeps_in_the_project_is_no_source(project: Project) -> None:
    file = project.folder / "hanse.toml"
    file.write_text(f'{file.read_text()}[backup]\nfolder = "kept/b"\n[file_store]\nfolder = "f"\n')
    project = read_project(project.folder)
    before = release_of(project)
    for name in ("kept/b/1/base.json", "f/notes.json"):
        (project.folder / name).parent.mkdir(parents=True)
        (project.folder / name).write_text("{}")
    assert release_of(project) == before


def test_folders_of_a_running_fleet_may_vanish_while_sources_are_read(project: Project) -> None:
    """PostgreSQL's are made under another name first, and some last for a moment."""
    ended = threading.Event()
    churn = threading.Thread(target=_come_and_go, args=(project.folder / ".hanse/up", ended))
    before = release_of(project)
    churn.start()
    try:
        assert {release_of(project) for _ in range(300)} == {before}
    finally:
        ended.set()
        churn.join()


def _come_and_go(folder: Path, ended: threading.Event) -> None:
    while not ended.is_set():
        places = [folder / f"{number}/base/5" for number in range(20)]
        for place in places:
            place.mkdir(parents=True, exist_ok=True)
        for place in places:
            place.rmdir()
            place.parent.rmdir()
            place.parent.parent.rmdir()


PAGES = """
from hanse import PUBLIC, Html, Redirect, Service, form, page


class Site(Service, package="site.v1"):
    @page("/jobs/{name}", allow=PUBLIC)
    async def job(self, name: str) -> Html: ...

    @page("/jobs", allow=PUBLIC)
    async def short(self) -> Redirect: ...

    @page("/jobs/", allow=PUBLIC)
    async def home(self) -> Html: ...

    @page("/jobs/a/feed", allow=PUBLIC)
    async def feed(self) -> Html: ...

    @form("/x", allow=PUBLIC)
    async def send(self) -> Html: ...


class Shop(Service, package="shop.v1"):
    @page("/", allow=PUBLIC)
    async def home(self) -> Html: ...

    @page("/basket", allow=PUBLIC)
    async def basket(self) -> Html: ...


class Lost(Service, package="lost.v1"):
    @page("/lost/{name}", allow=PUBLIC)
    async def found(self, name: str) -> Html: ...
"""


def test_of_a_services_pages_one_is_where_people_begin(tmp_path: Path) -> None:
    listed = [f"fronts_of_a_site:{name}" for name in ("Site", "Shop", "Lost")]
    (tmp_path / "hanse.toml").write_text(f'[project]\nname = "shop"\nservices = {listed}\n')
    (tmp_path / "fronts_of_a_site.py").write_text(PAGES)

    found = survey(tmp_path, "")

    assert found.problems == ()
    assert [one.front for one in found.services] == ["/jobs/", "/", ""]
    groups = [Group("all", tuple(listed), 1)]
    (group,) = plan(groups, found.services)
    assert {front for unit in group.units for front in unit.fronts} == {"/jobs/", "/"}


MAILING = """
from hanse import PUBLIC, Service, rpc
from hanse.mail import Letter, Mail, letter


@letter("receipt")
class Receipt(Letter): ...


class Quiet(Service, package="quiet.v1"):
    @rpc("GET /quiet/v1/things", allow=PUBLIC)
    async def things(self) -> str: ...


class Loud(Service, package="loud.v1"):
    def __init__(self, mail: Mail[Receipt]) -> None: ...

    @rpc("GET /loud/v1/things", allow=PUBLIC)
    async def things(self) -> str: ...
"""


def test_where_letters_are_kept_the_gateway_leads_to_the_inbox(tmp_path: Path) -> None:
    listed = [f"mailing_of_a_site:{name}" for name in ("Quiet", "Loud")]
    project = f'[project]\nname = "shop"\nservices = {listed}\n'
    (tmp_path / "mailing_of_a_site.py").write_text(MAILING)
    for mail, inbox in (
        ("", True),
        ('[mail]\nurl = "smtp://m.example"\nsender = "a@b.example"', False),
    ):
        (tmp_path / "hanse.toml").write_text(project + mail)
        found = survey(tmp_path, "")
        assert found.problems == ()
        assert ["hanse" in one.segments for one in found.services] == [False, inbox]
        (group,) = plan([Group("all", tuple(listed), 1)], found.services)
        fronts = {front for unit in group.units for front in unit.fronts}
        assert fronts == ({"/hanse/inbox/"} if inbox else set())
