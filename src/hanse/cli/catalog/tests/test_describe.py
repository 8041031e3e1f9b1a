"""`hanse describe`: what services are, for people and as the JSON that releases are compared by."""

from pathlib import Path

import pytest

from hanse.runtime.description.service_description import read_description
from tests.end_to_end.terminal import hanse, new_project


@pytest.fixture(scope="module")
def project(tmp_path_factory) -> Path:
    return new_project(tmp_path_factory.mktemp("describe"))


def test_shows_all_services_and_one(project: Path) -> None:
    listed, one = hanse("describe", folder=project), hanse("describe", "Greeter", folder=project)
    assert [line.split() for line in listed.stdout.splitlines()] == [
        ["service", "methods", "calls", "tells", "takes", "keeps", "workflows"],
        ["greeter.v1.Greeter", "1"],
    ]
    assert one.stdout.startswith("greeter.v1.Greeter: ")
    assert "serves\n  greet  POST /greeter/v1/greetings\n" in one.stdout


def test_writes_what_can_be_read_again_and_refuses_what_is_not_there(project: Path) -> None:
    wrote = hanse("describe", "--out", "now.json", folder=project)
    assert wrote.stderr == "wrote now.json\n"
    found = read_description((project / "now.json").read_bytes(), "now.json")
    assert [one.listed for one in found.services] == ["greeter.service:Greeter"]

    refused = hanse("describe", "Greter", folder=project)
    assert refused.returncode == 1
    assert refused.stderr.startswith("There is no service Greter in this project")
