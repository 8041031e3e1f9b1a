"""`[samples]`: what a project begins with in development, and nowhere else by accident."""

import pytest

from hanse.runtime.project.project import ProjectError, read_project

PROJECT = '[project]\nname = "a"\nservices = ["a:A"]\n[samples]\n"shed.tools" = "tools.csv"\n'


def samples(tmp_path, text, environment=""):
    (tmp_path / "hanse.toml").write_text(text)
    return read_project(tmp_path, environment).file.samples


def test_without_an_environment_the_files_own_count(tmp_path):
    assert samples(tmp_path, PROJECT) == {"shed.tools": "tools.csv"}


def test_an_environment_has_none_unless_it_lists_its_own(tmp_path):
    text = f'{PROJECT}[environments.production]\n[environments.apart.samples]\n"shed.huts" = "huts.csv"\n'

    assert samples(tmp_path, text, "production") == {}
    assert samples(tmp_path, text, "apart") == {"shed.huts": "huts.csv"}


@pytest.mark.parametrize(
    "line", ['"tools" = "a.csv"', '"shed.tools" = 3', '"shed.tools" = "/etc/passwd"']
)
def test_a_wrong_line_is_named(tmp_path, line):
    with pytest.raises(ProjectError, match=r"hanse.toml:\d"):
        samples(tmp_path, f"{PROJECT}{line.replace('shed.tools', 'shed.others')}\n")
