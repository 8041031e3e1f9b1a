"""A project may be of several small distributions, each in a folder of its own."""

import sys

import pytest

from hanse.runtime.project.project import ProjectError, read_project

SERVICE = """from hanse import PUBLIC, Service, rpc
class Buoy(Service):
    @rpc("GET /buoy{0}/v1/name", allow=PUBLIC)
    async def name(self) -> str:
        return "{0}"
"""


@pytest.fixture
def project(tmp_path, request, monkeypatch):
    """Reads a project of two distributions; packages have names of their own, as Python imports once."""
    monkeypatch.setattr("sys.path", list(sys.path))
    mark = f"{abs(hash((request.node.name, str(tmp_path)))):x}"
    for one in ("red", "green"):
        package = tmp_path / one / f"buoy_{one}_{mark}"
        package.mkdir(parents=True)
        (package / "service.py").write_text(SERVICE.format(one))

    def read(folders: str, *more: str):
        listed = [f"buoy_{one}_{mark}.service:Buoy" for one in ("red", "green")]
        listed += [one.format(mark=mark) for one in more]
        (tmp_path / "hanse.toml").write_text(
            f'[project]\nname = "buoys"\nservices = {listed}\nfolders = {folders}\n'
        )
        return read_project(tmp_path)

    return read


def problems(project) -> list[str]:
    with pytest.raises(ProjectError) as raised:
        project.services()
    return list(raised.value.problems)


def test_services_are_imported_from_them(project):
    services = project('["red", "green"]').services()

    assert [one.__module__.split("_")[1] for one in services] == ["red", "green"]


def test_only_some_may_be_imported(project, tmp_path):
    read = project('["red", "green"]')
    first, second = read.file.project.services
    (tmp_path / "red" / first.partition(".")[0] / "service.py").write_text("broken(")

    [only] = read.services(only=[second])

    assert f"{only.__module__}:Buoy" == second


def test_one_that_is_not_there_is_named_with_its_line(project):
    assert "hanse.toml:4: there is no folder gren." in problems(project('["red", "gren"]'))


def test_a_module_that_is_not_there_is_looked_for_in_all_of_them(project):
    found = problems(project('["red", "green"]', "buoy_gren_{mark}.service:Buoy"))

    assert len(found) == 1
    assert "did you mean buoy_green_" in found[0]


@pytest.mark.parametrize("name", ["/red", "", "~/red", "a\\u0000b"])
def test_one_that_is_not_relative_is_refused(project, name):
    with pytest.raises(
        ProjectError, match="a folder is relative to hanse.toml, like services/cart"
    ):
        project(f'["{name}"]')
