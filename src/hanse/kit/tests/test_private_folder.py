"""What is made for secrets is open to nobody else, from the first folder that was not there."""

import os
from pathlib import Path

import pytest

from hanse.kit.private_folder import make_private


@pytest.fixture(autouse=True)
def ordinary_umask():
    before = os.umask(0o022)
    yield
    os.umask(before)


def test_all_that_is_made_is_private(tmp_path: Path) -> None:
    make_private(tmp_path / "a/b/c")
    made = [tmp_path / "a", tmp_path / "a/b", tmp_path / "a/b/c"]
    assert [folder.stat().st_mode & 0o777 for folder in made] == [0o700] * 3


def test_what_is_there_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "open").mkdir(mode=0o755)
    make_private(tmp_path / "open/private")
    make_private(tmp_path / "open/private")
    assert (tmp_path / "open").stat().st_mode & 0o777 == 0o755


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError, match="file"):
        make_private(tmp_path / "file")
