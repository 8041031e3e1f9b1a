"""`hanse breaking`: compared with git, with a file, and with nothing there; what is allowed; its ends."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.terminal import edit, hanse, new_project

SERVICE = "greeter/service.py"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose first release is tagged, and whose second takes shorter names."""
    folder = new_project(tmp_path)
    git(folder, "init", "-q")
    commit(folder, "first")
    git(folder, "tag", "v1")
    return folder


def git(folder: Path, *words: str) -> None:
    who = ("-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", *who, *words], cwd=folder, check=True, capture_output=True)


def commit(folder: Path, name: str) -> None:
    git(folder, "add", "-A")
    git(folder, "commit", "-qm", name)


def shorten(folder: Path) -> None:
    edit(folder / SERVICE, "Length(1, 100)", "Length(1, 50)")


ALLOWED = """
[[allowed]]
rule = "bounds_tightened"
place = "greeter.v1.Greeter/greet request name"
reason = "nobody is called so: looked at all names in October"
until = {}
"""


def test_a_change_is_compared_with_the_last_tag_committed_or_not(project: Path) -> None:
    shorten(project)
    before = hanse("breaking", folder=project)
    commit(project, "shorter")
    after = hanse("breaking", folder=project / "greeter")

    assert before.stdout == after.stdout
    assert (before.returncode, after.returncode) == (1, 1)
    assert before.stdout.startswith("bounds_tightened  greeter.v1.Greeter/greet request name\n")
    assert "Breaks clients outside." in before.stdout
    assert "Compared with v1: 1 change breaks somebody." in before.stderr


def test_what_breaks_nobody_ends_well_and_leaves_nothing_behind(project: Path) -> None:
    edit(project / SERVICE, "Length(1, 100)", "Length(1, 200)")
    done = hanse("breaking", folder=project, TMPDIR=str(project.parent))
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == "Compared with v1: nothing breaks.\n"
    assert [one.name for one in project.parent.iterdir()] == [project.name]


def test_what_is_allowed_is_told_and_ends_well(project: Path) -> None:
    shorten(project)
    (project / "compatibility.toml").write_text(ALLOWED.format("9999-12-31"))
    let_go = hanse("breaking", "--json", folder=project)
    assert let_go.returncode == 0, let_go.stderr
    told = json.loads(let_go.stdout)
    assert (told["against"], told["findings"]) == ("v1", [])
    assert [one["rule"] for one in told["allowed"]] == ["bounds_tightened"]


def test_a_file_is_compared_with_as_a_tag_is(project: Path) -> None:
    hanse("describe", "--out", "v1.json", folder=project)
    shorten(project)
    done = hanse("breaking", "--against", "v1.json", folder=project)
    assert done.returncode == 1
    assert done.stdout.startswith("bounds_tightened  greeter.v1.Greeter/greet request name\n")
    assert "Compared with v1.json: 1 change breaks somebody." in done.stderr


def test_what_cannot_be_compared_with_is_refused_with_the_way_out(project: Path) -> None:
    unknown = hanse("breaking", "--against", "--output=x", folder=project)
    assert unknown.returncode == 1
    assert "There is neither a file --output=x nor a tag" in unknown.stderr
    nothing = hanse("breaking", "--against", "running", folder=project)
    assert nothing.returncode == 1
    assert "Nothing runs here" in nothing.stderr


def test_a_release_that_cannot_be_imported_says_why(project: Path) -> None:
    edit(project / SERVICE, "class Greeter(", "class Broken(")
    commit(project, "broken")
    edit(project / SERVICE, "class Broken(", "class Greeter(")
    done = hanse("breaking", "--against", "HEAD", folder=project)
    assert done.returncode == 1
    assert "At HEAD the services could not be imported:" in done.stderr
    assert "has no class Greeter" in done.stderr


def test_outside_of_git_a_file_is_asked_for_and_the_first_commit_breaks_nobody(
    tmp_path: Path,
) -> None:
    folder = new_project(tmp_path)
    outside = hanse("breaking", folder=folder, GIT_CEILING_DIRECTORIES=str(tmp_path))
    git(folder, "init", "-q")
    commit(folder, "first")
    first = hanse("breaking", folder=folder)

    assert outside.returncode == 1
    assert "hanse breaking --against FILE" in outside.stderr
    assert (first.returncode, first.stdout) == (0, "")
    assert "first commit" in first.stderr
