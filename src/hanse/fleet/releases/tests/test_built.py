"""A build of a project: the same tree is the same release, and what is wrong is said in sentences."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from typing import TYPE_CHECKING

import msgspec
import pytest

from hanse.fleet.plan import plan
from hanse.fleet.releases.bill import bill_of
from hanse.fleet.releases.built import Built
from hanse.fleet.releases.shelf import NoRelease, Shelf
from hanse.fleet.releases.wish import Apart, read_wish, share
from hanse.runtime.project.project import read_project

if TYPE_CHECKING:
    from pathlib import Path

    from hanse.fleet.releases.release import Release

SERVICE = """
from hanse import PUBLIC, Service, Settings, Secret, rpc
{imports}

class Greetings(Settings):
    text: str = "Hello"
    key: Secret

class {name}(Service, package="{package}.v1"):
    def __init__(self, settings: Greetings) -> None: ...

    @rpc("GET /{package}/v1/things", allow=PUBLIC)
    async def things(self) -> str: ...
"""


class Sample:
    """A project in a folder, and what building it gives."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self.shelf = Shelf(folder / ".hanse/up/releases")
        monkeypatch.chdir(folder)

    def write(self, path: str, text: str) -> None:
        file = self.folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def project(self, *services: str, more: str = "", folders: tuple[str, ...] = ()) -> None:
        listed = f"services = {list(services)}\nfolders = {list(folders)}"
        self.write("hanse.toml", f'[project]\nname = "shop"\n{listed}\n{more}')

    def service(self, package: str, name: str, imports: str = "", root: str = "") -> str:
        self.write(f"{root}{package}/__init__.py", "")
        text = SERVICE.format(name=name, package=package, imports=imports)
        self.write(f"{root}{package}/service.py", text)
        return f"{package}.service:{name}"

    def build(self) -> Built:
        """In a process of its own, as control does it."""
        command = (sys.executable, "-P", "-m", "hanse.fleet.releases.built", str(self.folder), "")
        done = subprocess.run(command, cwd=self.folder, capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()
        return msgspec.json.decode(done.stdout, type=Built)

    def releases(self) -> dict[str, Release]:
        """Builds, and returns releases by service; nothing may be wrong."""
        built = self.build()
        assert built.problems == ()
        wishes = [read_wish(one.wish, self.shelf) for one in built.bundles]
        found = {name: digest for wish in wishes for name, digest in wish.releases.items()}
        return {name: self.shelf.get(digest) for name, digest in found.items()}


@pytest.fixture
def sample(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sample:
    return Sample(tmp_path, monkeypatch)


def test_only_what_changed_is_another_release(sample: Sample) -> None:
    one, two = sample.service("one", "One"), sample.service("two", "Two")
    sample.project(one, two)
    before = sample.releases()

    sample.write("README.md", "changed")
    sample.write("one/service.py", (sample.folder / "one/service.py").read_text() + "# changed\n")
    after = sample.releases()

    assert before[two] == after[two]
    assert before[one].digest != after[one].digest
    assert [file.path for file in after[one].code.files] == ["one/__init__.py", "one/service.py"]


def test_a_release_tells_what_it_is_like(sample: Sample) -> None:
    sample.project(name := sample.service("greeter", "Greeter"))
    release = sample.releases()[name]
    assert release.name == "greeter.v1.Greeter"
    assert release.facts.survey.segments == ("greeter", "greeter.v1.Greeter")
    told = release.facts.description
    assert [one.path for one in told.contract.methods] == ["/greeter/v1/things"]
    assert told.settings is not None
    assert [(one.name, one.required) for one in told.settings.fields] == [
        ("text", False),
        ("key", True),
    ]


def test_the_commit_is_told_and_names_nothing(sample: Sample) -> None:
    sample.project(name := sample.service("greeter", "Greeter"))
    before = sample.releases()[name]
    assert before.origin.commit == ""
    identity = ("-c", "user.name=x", "-c", "user.email=x@y.example")
    for arguments in (["init", "-q"], ["add", "."], [*identity, "commit", "-qm", "first"]):
        subprocess.run(["git", *arguments], cwd=sample.folder, check=True)
    remote = "https://user:token@git.example/shop.git"
    subprocess.run(["git", "remote", "add", "origin", remote], cwd=sample.folder, check=True)
    assert sample.releases()[name] == before  # built before, and so not anew

    sample.write("greeter/words.txt", "new")
    origin = sample.releases()[name].origin
    assert len(origin.commit) == 40
    assert origin.changed
    assert origin.repository == "https://git.example/shop.git"


TELLER = """
from hanse import Event, Events, PUBLIC, Service, event, rpc

class {name}(Service, package="shop.v1"):
    def __init__(self, events: Events) -> None: ...

    @rpc("GET /shop/v1/{path}", allow=PUBLIC)
    async def things(self) -> str: ...
"""
EVENT = """
@event("shop.v1", key="item")
class Sold(Event, frozen=True):
    item: str
"""


def test_a_release_is_the_same_whoever_is_built_beside_it(sample: Sample) -> None:
    """An event is of its package; it is this release's only if its own files have it."""
    sample.write("till.py", TELLER.format(name="Till", path="till"))
    sample.write("stock.py", TELLER.format(name="Stock", path="stock") + EVENT)
    sample.project("till:Till")
    alone = sample.releases()["till:Till"]
    sample.project("stock:Stock", "till:Till")
    for release in sample.shelf.releases.iterdir():
        release.unlink()

    beside = sample.releases()

    assert beside["till:Till"] == alone
    assert [one.name for one in beside["stock:Stock"].facts.description.tells] == ["Sold"]
    assert alone.facts.description.tells == ()


def test_the_bill_of_materials_is_one_and_names_all(sample: Sample) -> None:
    sample.project(name := sample.service("greeter", "Greeter"))
    release = sample.releases()[name]
    bill = bill_of(release, "0.1.0")
    assert bill == bill_of(release, "0.1.0")
    told = msgspec.json.decode(bill)
    assert told["specVersion"] == "1.6"
    assert {"hanse", "msgspec"} <= {one["name"] for one in told["components"]}
    whole = told["metadata"]["component"]
    assert whole["version"] == release.digest
    assert [one["name"] for one in whole["components"]] == [
        "greeter/__init__.py",
        "greeter/service.py",
    ]
    assert all(len(one["hashes"][0]["content"]) == 64 for one in whole["components"])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("def (", "greeter/service.py:1: SyntaxError"),
        ("1 / 0", "greeter/service.py:1: ZeroDivisionError: division by zero"),
        (
            "import nothing_there",
            "greeter/service.py:1: ModuleNotFoundError: No module named 'nothing_there'",
        ),
        ("", "greeter.service has no class Greeter"),
    ],
)
def test_what_cannot_be_imported_is_told_with_its_place(
    sample: Sample, text: str, said: str
) -> None:
    sample.project(sample.service("greeter", "Greeter"))
    sample.write("greeter/service.py", text)
    assert any(said in one for one in sample.build().problems)


def test_a_module_that_is_not_there_is_told_with_the_one_that_was_meant(sample: Sample) -> None:
    sample.service("greeter", "Greeter")
    sample.project("greter.service:Greeter")
    assert sample.build().problems == (
        "hanse.toml: there is no module greter; did you mean greeter?",
    )


def test_code_that_ends_its_process_is_told_and_the_build_goes_on(sample: Sample) -> None:
    ends = sample.service("greeter", "Greeter", "import os; os._exit(3)")
    fails = sample.service("other", "Other", "1 / 0")
    sample.project(ends, fails)
    assert sample.build().problems == (
        "greeter.service:Greeter ends the process that imports it (exit code 3).",
        "Look for an exit, a signal or a crash in what it imports.",
        "other.service:Other cannot be imported:",
        "other/service.py:3: ZeroDivisionError: division by zero\n    1 / 0",
    )


def test_what_is_imported_is_what_was_kept(sample: Sample) -> None:
    """Whatever a service finds beside it while it is built, a host would not find."""
    sample.project(name := sample.service("greeter", "Greeter", "WHERE = __file__"))
    release = sample.releases()[name]
    laid = sample.shelf.lay(release.code)
    assert sorted(one.name for one in (laid / "greeter").iterdir() if one.is_file()) == [
        "__init__.py",
        "service.py",
    ]


def test_what_lies_beside_is_not_there_when_it_is_imported(sample: Sample) -> None:
    """Nor does it help that a neighbour has it: they may be placed apart one day."""
    hidden = sample.service("one", "One", "exec('import two.service')")
    sample.project(hidden, sample.service("two", "Two"))
    problems = sample.build().problems
    assert problems[0] == "one.service:One cannot be imported:"
    assert "No module named 'two'" in problems[1]


def test_files_that_are_served_are_kept_as_they_were(sample: Sample) -> None:
    name = sample.service("greeter", "Greeter")
    sample.project(name, more='[files]\n"/static" = "static"\n')
    sample.write("static/a.css", "old")
    (bundle,) = sample.build().bundles
    sample.write("static/a.css", "new")
    wish = read_wish(bundle.wish, sample.shelf)
    assert (sample.shelf.folder_of(wish.files["/static"]) / "a.css").read_text() == "old"
    assert sample.build().bundles[0].wish != bundle.wish


@pytest.mark.parametrize("apart", [False, True])
def test_a_contract_that_two_services_serve_is_refused_with_both(
    sample: Sample, apart: bool
) -> None:
    """Wherever they are placed: whoever calls it would have either."""
    names = [sample.service("greeter", "Greeter"), sample.service("other", "Greeter")]
    text = (sample.folder / "other/service.py").read_text()
    sample.write("other/service.py", text.replace('package="other.v1"', 'package="greeter.v1"'))
    sample.project(*names, more='[placement]\ndefault = "apart"\n' if apart else "")
    assert sample.build().problems == (
        "greeter.service:Greeter and other.service:Greeter both serve greeter.v1.Greeter. List one "
        "of them, or give the other a package or a version of its own.",
    )


def test_releases_of_two_ages_share_no_process_where_what_they_agreed_on_has_changed(
    sample: Sample,
) -> None:
    """Whoever goes back with one of two services has two versions of what both import."""
    sample.write("agreed.py", "WORD = 'old'\n")
    names = [sample.service(one, one.title(), "from agreed import WORD") for one in ("one", "two")]
    sample.project(*names)
    before = sample.releases()
    code, _ = share(list(before.values()))
    assert [file.path for file in code.files].count("agreed.py") == 1

    sample.write("agreed.py", "WORD = 'new'\n")
    after = sample.releases()
    with pytest.raises(Apart) as caught:
        share([before[names[0]], after[names[1]]])

    (said,) = caught.value.problems
    versions = [
        next(file.digest[:12] for file in one.code.files if file.path == "agreed.py")
        for one in (before[names[0]], after[names[1]])
    ]
    assert said == (
        f"agreed.py is there in 2 versions: {versions[0]} for one.v1.One, "
        f"{versions[1]} for two.v1.Two."
    )


@pytest.mark.parametrize("folder", ["static", "greeter"])
def test_nothing_outside_of_the_project_comes_into_a_release(sample: Sample, folder: str) -> None:
    """By links of either kind, pipes, or a link to a folder; what is linked inside is kept as it is."""
    name = sample.service("greeter", "Greeter")
    sample.project(name, more='[files]\n"/static" = "static"\n')
    sample.write("static/there.txt", "")
    outside = sample.folder.with_name(f"{sample.folder.name}-secret")
    outside.mkdir()
    (outside / "key").write_text("secret")
    place = sample.folder / folder
    sample.write(f"{folder}/a.css", "own")
    (place / "b.css").symlink_to("a.css")
    (place / "c.css").symlink_to(outside / "key")
    (place / "d").symlink_to(outside)
    (place / "e.css").symlink_to("../../../../../../../etc/passwd")
    os.mkfifo(place / "f.css")
    (place / "g.css").symlink_to("/dev/zero")
    (bundle,) = sample.build().bundles
    wish = read_wish(bundle.wish, sample.shelf)
    laid = sample.shelf.folder_of(wish.files["/static"] if folder == "static" else wish.code)
    place = laid if folder == "static" else laid / "greeter"
    assert {one.name: one.read_text() for one in place.iterdir() if one.suffix == ".css"} == {
        "a.css": "own",
        "b.css": "own",
    }
    assert not (place / "d").exists()
    assert not any(one.is_symlink() for one in laid.rglob("*"))


def test_a_file_with_two_names_is_one_of_its_own_in_a_release(sample: Sample) -> None:
    """Whoever writes by the other name changes nothing that was built."""
    name = sample.service("greeter", "Greeter")
    sample.project(name)
    sample.write("elsewhere.txt", "old")
    os.link(sample.folder / "elsewhere.txt", sample.folder / "greeter/words.txt")
    release = sample.releases()[name]
    sample.write("elsewhere.txt", "new")
    assert (sample.shelf.lay(release.code) / "greeter/words.txt").read_text() == "old"


def test_what_is_too_large_is_named(sample: Sample) -> None:
    sample.project(name := sample.service("greeter", "Greeter"))
    film = sample.folder / "greeter/film.mp4"
    with film.open("wb") as file:
        file.truncate(70 * 1024**2)
    assert sample.build().problems == (
        f"{name} cannot be built:",
        f"{film} has 73400320 bytes; a file has 67108864 at most.",
    )


def test_a_build_makes_good_what_has_changed_on_the_shelf(sample: Sample) -> None:
    sample.project(name := sample.service("greeter", "Greeter"))
    release = sample.releases()[name]
    (runtime,) = sample.shelf.runtimes.iterdir()
    service = release.code.files[1]
    for path in (
        sample.shelf.path_of(service.digest),
        sample.shelf.releases / f"{release.digest}.json",
        runtime / "hanse/kit/clock.py",
    ):
        raw = path.read_bytes()
        path.chmod(0o600)
        path.write_bytes(raw[:-2] + b"?" + raw[-1:])
    with pytest.raises(NoRelease):
        sample.shelf.get(release.digest)
    assert sample.releases()[name] == release
    sample.shelf.check(release.code)
    assert "?" not in (runtime / "hanse/kit/clock.py").read_text()[-3:]


def wheel(folder: Path, version: str, name: str = "knots") -> str:
    """A small real wheel; returns its hash."""
    from hashlib import sha256

    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as file:
        file.writestr(f"{name}.py", f"version = {version!r}\n")
        file.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
        file.writestr(
            f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        file.writestr(f"{info}/RECORD", "")
    return sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of wheels, and nothing else, is where pip and uv look."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    for name in ("PIP_NO_INDEX", "UV_NO_INDEX"):
        monkeypatch.setenv(name, "1")
    for name in ("PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, str(folder))
    return folder


def locked(sample: Sample, root: str, version: str, digest: str) -> str:
    sample.write(f"{root}/requirements.lock", f"knots=={version} --hash=sha256:{digest}\n")
    imports = f"import knots; assert knots.version == {version!r}, knots.version"
    return sample.service(root, root.title(), imports, f"{root}/")


def test_what_wants_two_versions_runs_apart_and_is_named(sample: Sample, index: Path) -> None:
    old = locked(sample, "one", "1.0", wheel(index, "1.0"))
    new = locked(sample, "two", "2.0", wheel(index, "2.0"))
    plain = sample.service("three", "Three", "import importlib.util as u; u.find_spec('msgspec')")
    sample.project(old, new, plain, folders=("one", "two"))

    built = sample.build()

    assert built.problems == ()
    assert built.apart == ("two.v1.Two",)
    assert built.notes == (
        "two.v1.Two runs in a host of its own.",
        "knots is wanted in 2 versions: 1.0 for one.v1.One, 2.0 for two.v1.Two.",
    )
    groups = plan(read_project(sample.folder).groups(), built.services, built.apart)
    assert [(group.name, group.services) for group in groups] == [
        ("shop", (old, plain)),
        ("two", (new,)),
    ]
    pythons = [read_wish(one.wish, sample.shelf).python for one in built.bundles]
    found = [
        subprocess.run(
            [one, "-c", "import knots, msgspec; print(knots.version)"], capture_output=True
        )
        for one in pythons
    ]
    assert [one.stdout for one in found] == [b"1.0\n", b"2.0\n"]


def test_packages_are_installed_once_for_all_that_want_the_same(
    sample: Sample, index: Path
) -> None:
    digest = wheel(index, "1.0")
    sample.project(
        locked(sample, "one", "1.0", digest),
        locked(sample, "two", "1.0", digest),
        folders=("one", "two"),
    )
    assert len(sample.build().bundles) == 1
    (index / "knots-1.0-py3-none-any.whl").unlink()  # nobody looks for it again
    sample.write("one/one/words.txt", "changed")
    assert sample.build().problems == ()
    assert len([one for one in sample.shelf.environments.iterdir() if one.name[0] != "."]) == 1


@pytest.mark.long
def test_a_group_runs_from_one_lock_with_what_each_of_its_services_wants(
    sample: Sample, index: Path
) -> None:
    """And both are found in it, each in the version that was locked."""
    one = locked(sample, "one", "1.0", wheel(index, "1.0"))
    two = sample.service("two", "Two", "import bows; assert bows.version == '3.0'", "two/")
    digest = wheel(index, "3.0", "bows")
    sample.write("two/requirements.lock", f"bows==3.0 --hash=sha256:{digest}\n")
    sample.project(one, two, folders=("one", "two"))

    (bundle,) = sample.build().bundles

    wish = read_wish(bundle.wish, sample.shelf)
    said = "import bows, knots; print(bows.version, knots.version)"
    done = subprocess.run([wish.python, "-c", said], capture_output=True, check=True)
    assert done.stdout == b"3.0 1.0\n"


def test_a_package_that_is_not_what_its_hash_says_is_refused(sample: Sample, index: Path) -> None:
    wheel(index, "1.0")
    sample.project(locked(sample, "one", "1.0", "0" * 64), folders=("one",))
    problems = sample.build().problems
    assert problems[0] == "The packages of requirements.lock cannot be installed."
    assert "hash" in " ".join(problems).lower()
    assert list(sample.shelf.environments.iterdir()) == []


def test_services_of_one_segment_that_cannot_share_are_refused(sample: Sample, index: Path) -> None:
    names = []
    for number, root in enumerate(("one", "two"), start=1):
        names.append(locked(sample, root, f"{number}.0", wheel(index, f"{number}.0")))
        file = sample.folder / root / root / "service.py"
        file.write_text(file.read_text().replace(f"/{root}/v1", "/same/v1"))
    sample.project(*names, folders=("one", "two"))
    assert sample.build().problems == (
        "one.v1.One and others answer below one first segment and so share a process:",
        "knots is wanted in 2 versions: 1.0 for one.v1.One, 2.0 for two.v1.Two.",
    )
