"""Started by root, a fleet runs as somebody else, with what that takes and nothing more."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from hanse.fleet.engine.privileges import PrivilegeError, account_for, give_over, lay_down
from hanse.fleet.state import StateFolder
from hanse.kit.environment import variables

NOBODY = 65534
READ_ALL = 1 << 2
BIND_LOW = 1 << 10
HERE = Path(__file__).parent

as_root = pytest.mark.root("is about root")

SAYS = "import os; print(open('/proc/self/status').read()); open('.hanse/up/own', 'w').close()"
NESTED = "import subprocess, sys; subprocess.run([sys.executable, '-c', sys.argv[1]], check=True)"


AS_ANOTHER_PYTHON = """
import sys
from pathlib import Path
from hanse.fleet.engine.privileges import lay_down
from hanse.fleet.state import StateFolder
folder, sys.executable = sys.argv[1:]
print("\\n".join(lay_down(StateFolder(Path(folder)), {"PATH": "/usr/bin:/bin", "PYTHONPATH": folder})))
"""


@pytest.fixture
def project(state: StateFolder) -> StateFolder:
    Path("hanse.toml").write_text("")
    return state


def status(prefix: tuple[str, ...], script: str = SAYS, *arguments: str) -> dict[str, str]:
    done = subprocess.run(
        [*prefix, sys.executable, "-c", script, *arguments],
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert done.returncode == 0, done.stderr
    return dict(line.split(":\t", 1) for line in done.stdout.splitlines() if ":\t" in line)


@pytest.mark.skipif(os.geteuid() == 0, reason="is about others than root")
def test_who_is_not_root_changes_nothing(project: StateFolder):
    assert lay_down(project, variables()) == ()


@as_root
def test_it_runs_as_nobody_with_the_right_to_read_and_no_other(project: StateFolder):
    prefix = lay_down(project, variables())
    for found in (status(prefix), status(prefix, NESTED, SAYS)):
        assert found["Uid"].split() == [str(NOBODY)] * 4
        assert found["Gid"].split() == [str(NOBODY)] * 4
        assert found["Groups"].strip() == ""
        assert found["NoNewPrivs"].strip() == "1"
        rights = {
            found[name].strip() for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
        }
        assert rights == {
            f"{READ_ALL:016x}"
        }  # Python lies below /root here, or the test's folder does
    assert (project.folder / "own").stat().st_uid == NOBODY


@as_root
def test_a_port_below_1024_takes_one_right_more(project: StateFolder):
    found = status(lay_down(project, variables(), (80, 8443)))
    assert int(found["CapEff"], 16) == READ_ALL | BIND_LOW
    assert int(status(lay_down(project, variables(), (0, 8443)))["CapEff"], 16) == READ_ALL


@as_root
def test_where_everybody_may_read_no_right_is_kept():
    python = Path("/usr/bin/python3")
    if not python.exists():
        pytest.skip("there is no Python of the system's")
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        os.chown(folder, 4321, 4321)
        (Path(folder) / "hanse").mkdir()
        (Path(folder) / "hanse/__init__.py").touch()
        (Path(folder) / "hanse.toml").touch()
        state = StateFolder(Path(folder))
        done = subprocess.run(
            [sys.executable, "-c", AS_ANOTHER_PYTHON, folder, str(python)],
            capture_output=True,
            text=True,
            timeout=30,
        )
        assert done.returncode == 0, done.stderr
        found = subprocess.run(
            [*done.stdout.split("\n")[:-1], "grep", "CapEff", "/proc/self/status"],
            capture_output=True,
            text=True,
            env={"PATH": "/usr/bin:/bin"},
        )
        assert found.stdout.split()[1] == "0" * 16
        assert state.hanse.stat().st_uid == 4321


@as_root
@pytest.mark.parametrize(
    ("given", "owner", "expected"),
    [
        ({"SUDO_UID": "1234"}, 0, 1234),
        ({"SUDO_UID": "0"}, 4321, 4321),
        ({}, 4321, 4321),
        ({}, 0, NOBODY),
        ({"SUDO_UID": "x"}, 0, NOBODY),
    ],
)
def test_it_is_who_called_sudo_else_whose_project_it_is_else_nobody(
    tmp_path: Path, given, owner, expected
):
    os.chown(tmp_path, owner, owner)
    assert account_for(StateFolder(tmp_path), given).user == expected


@as_root
@pytest.mark.parametrize(("owner", "keeper"), [(0, 0), (4321, 4321)])
def test_the_folder_around_it_is_theirs_only_if_they_are_a_person(
    tmp_path: Path, owner: int, keeper: int
):
    os.chown(tmp_path, owner, owner)
    state = StateFolder(tmp_path)
    account = account_for(state, {})
    give_over(state, account)
    inside = (state.folder, state.hanse / "files")
    assert state.hanse.stat().st_uid == keeper
    assert {each.stat().st_uid for each in inside} == {account.user}
    assert {each.stat().st_mode & 0o777 for each in (state.hanse, *inside)} == {0o700}


@as_root
def test_only_the_state_folder_is_given_away_and_nothing_it_links_to(tmp_path: Path):
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").touch()
    state = StateFolder(tmp_path)
    state.hanse.mkdir()
    state.prepare()
    (state.logs / "old.log").touch()
    (state.folder / "link").symlink_to(outside)
    (state.folder / "soft").symlink_to(outside / "secret")
    (state.folder / "hard").hardlink_to(outside / "secret")
    give_over(state, account_for(state, {}))
    assert (state.logs / "old.log").stat().st_uid == NOBODY
    assert {
        each.stat().st_uid for each in (outside, outside / "secret", tmp_path, state.hanse)
    } == {0}


@as_root
def test_files_are_theirs_also_where_root_kept_some_before(tmp_path: Path):
    state = StateFolder(tmp_path)
    kept = state.hanse / "files" / "default" / "cv"
    kept.parent.mkdir(parents=True)
    kept.touch()
    give_over(state, account_for(state, {}))
    given = (kept, kept.parent, kept.parent.parent)
    assert {each.stat().st_uid for each in given} == {NOBODY}
    assert state.hanse.stat().st_uid == 0


@as_root
@pytest.mark.parametrize("link", [".hanse", ".hanse/up", ".hanse/files"])
def test_a_link_in_its_place_leads_root_nowhere(tmp_path: Path, link: str):
    project, outside = tmp_path / "project", tmp_path / "outside"
    (project / link).parent.mkdir(parents=True)
    outside.mkdir()
    (project / link).symlink_to(outside)
    state = StateFolder(project)
    with pytest.raises(PrivilegeError, match="is in the way"):
        give_over(state, account_for(state, {}))
    assert outside.stat().st_uid == 0
    assert list(outside.iterdir()) == []


@as_root
def test_without_setpriv_it_is_refused_with_the_way_out(
    project: StateFolder, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(PrivilegeError, match="apt-get install util-linux"):
        lay_down(project, variables())


@as_root
def test_a_project_that_is_not_there_is_told(state: StateFolder):
    with pytest.raises(
        Exception,
        match=r"would go on as nobody, who cannot read.*hanse.toml.*Run it as another user",
    ):
        lay_down(state, variables())


@as_root
@pytest.mark.parametrize(
    "module",
    [
        "test_postgres.py",  # whose tests run here alone, for it refuses root
        "test_host_main.py",
        "test_priority.py",  # whose limits the kernel does not have for root
        pytest.param("test_nats.py", marks=pytest.mark.long),
        pytest.param("test_process.py", marks=pytest.mark.long),
    ],
)
def test_everything_the_engine_promises_holds_for_nobody(
    project: StateFolder, tmp_path: Path, module: str
):
    prefix = lay_down(project, variables())
    folder = tmp_path / "tests"
    folder.mkdir()
    os.chown(folder, NOBODY, NOBODY)
    command = [
        *prefix,
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--basetemp={folder}/t",
        str(HERE / module),
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=HERE.parents[4])
    assert done.returncode == 0, done.stdout[-6000:]
