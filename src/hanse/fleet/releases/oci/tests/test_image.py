"""An image is what the specification says, the same for the same tree, and answers when it is run."""

from __future__ import annotations

import hashlib
import json
import shutil
import signal
import subprocess
import sys
import tarfile
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from hanse.fleet.gateway.tests.world import free_port
from hanse.fleet.releases.oci.ground import given_ground
from hanse.fleet.releases.oci.image import written
from hanse.fleet.releases.oci.layer import Entry
from hanse.fleet.releases.oci.layout import Layout, LayoutError
from tests.end_to_end.terminal import fetch

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVICE = """
import ssl, zoneinfo

from hanse import PUBLIC, Service, rpc

class Stock(Service):
    @rpc("GET /stock/v1/left", allow=PUBLIC)
    async def left(self) -> str:
        return str(zoneinfo.ZoneInfo("Europe/Berlin"))

class Till(Service):
    def __init__(self, stock: Stock) -> None:
        self._stock = stock

    @rpc("GET /till/v1/left", allow=PUBLIC)
    async def left(self) -> str:
        return "till of " + await self._stock.left()
"""
PROJECT = """
[project]
name = "shop"
services = ["stock:Stock", "stock:Till"]
[host]
port = {port}
[files]
"/static" = "static"
"""
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"
SPECIFIED = "application/vnd.oci.image."


def made(folder: Path, *arguments: str, port: int = 8000) -> dict[str, Any]:
    """A project, built and written as images by the command that people use."""
    folder.mkdir(exist_ok=True)
    (folder / "static").mkdir(exist_ok=True)
    (folder / "static/a.css").write_text("body {}")
    (folder / "stock.py").write_text(SERVICE)
    (folder / "hanse.toml").write_text(PROJECT.format(port=port))
    command = (sys.executable, "-m", "hanse.cli", "build", "--json", *arguments)
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["images"]


def ground(folder: Path, *variables: str) -> Path:
    """A small image to put others on."""
    layout = Layout(folder)
    layer = layout.add_layer([Entry("etc/ground", b"given")])
    config = {"architecture": "amd64", "os": "linux", "config": {"Env": list(variables)}}
    layout.finish({"ground": layout.add_image(config, [layer])})
    return folder


class Read(NamedTuple):
    """A layout, as the specification has it read; what is otherwise fails."""

    folder: Path

    def blob(self, one: dict[str, Any]) -> Path:
        path = self.folder / "blobs" / one["digest"].replace(":", "/")
        content = path.read_bytes()
        assert f"sha256:{hashlib.sha256(content).hexdigest()}" == one["digest"]
        assert len(content) == one["size"]
        return path

    def images(self) -> dict[str, tuple[dict[str, Any], list[Path]]]:
        """Configuration and layers by name."""
        assert json.loads((self.folder / "oci-layout").read_text()) == {
            "imageLayoutVersion": "1.0.0"
        }
        index = json.loads((self.folder / "index.json").read_text())
        assert (index["schemaVersion"], index["mediaType"]) == (2, f"{SPECIFIED}index.v1+json")
        return {
            one["annotations"]["org.opencontainers.image.ref.name"]: self._image(one)
            for one in index["manifests"]
        }

    def _image(self, one: dict[str, Any]) -> tuple[dict[str, Any], list[Path]]:
        assert one["mediaType"] == f"{SPECIFIED}manifest.v1+json"
        manifest = json.loads(self.blob(one).read_text())
        assert (manifest["schemaVersion"], manifest["mediaType"]) == (2, one["mediaType"])
        assert manifest["config"]["mediaType"] == f"{SPECIFIED}config.v1+json"
        config = json.loads(self.blob(manifest["config"]).read_text())
        assert {"architecture", "os", "rootfs"} <= config.keys()
        assert {layer["mediaType"] for layer in manifest["layers"]} == {f"{SPECIFIED}layer.v1.tar"}
        assert config["rootfs"] == {
            "type": "layers",
            "diff_ids": [layer["digest"] for layer in manifest["layers"]],
        }
        return config, [self.blob(layer) for layer in manifest["layers"]]


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], int]:
    """Images that need nothing else: this machine's Python comes along."""
    folder, port = tmp_path_factory.mktemp("own") / "shop", free_port()
    return folder, made(folder, "--oci", "out", port=port), port


def test_a_layout_is_what_the_specification_says(own: tuple[Path, dict[str, Any], int]) -> None:
    folder, told, _ = own
    images = Read(folder / "out").images()
    assert list(images) == list(told) == ["shop"]
    config, layers = images["shop"]
    assert len(layers) == 4
    assert config["config"]["User"] == "65534:65534"
    for reader in (
        ["skopeo", "inspect", f"oci:{folder / 'out'}:shop"],
        ["umoci", "stat", "--image", f"{folder / 'out'}:shop"],
    ):
        if shutil.which(reader[0]):
            subprocess.run(reader, check=True, capture_output=True)


@pytest.mark.root("only root may change what is the root")
def test_an_image_answers_when_it_is_run(
    own: tuple[Path, dict[str, Any], int], tmp_path: Path
) -> None:
    folder, _, port = own
    config, layers = Read(folder / "out").images()["shop"]
    root = tmp_path / "root"
    root.mkdir()
    for layer in layers:
        subprocess.run(["tar", "-xf", layer, "-C", root], check=True)
    with running(root, config["config"]) as process:
        assert fetch(f"http://127.0.0.1:{port}/till/v1/left") == (200, '"till of Europe/Berlin"')
        assert fetch(f"http://127.0.0.1:{port}/static/a.css") == (200, "body {}")
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    shutil.rmtree(root)


@contextmanager
def running(root: Path, config: dict[str, Any]) -> Iterator[subprocess.Popen[str]]:
    """The process of an image, which sees the image's files and of this machine the network alone."""
    user, _, group = config["User"].partition(":")
    place = (
        f"--root={root}",
        f"--wd={config['WorkingDir']}",
        f"--setgid={group}",
        f"--setuid={user}",
    )
    process = subprocess.Popen(
        ["/usr/bin/unshare", *place, *config["Entrypoint"]],
        env=dict(one.split("=", 1) for one in config["Env"]),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        assert process.stdout is not None
        said: list[str] = []
        for line in process.stdout:
            said.append(line)
            if "is ready." in line:
                break
        else:
            pytest.fail("".join(said))
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.fixture(scope="module")
def based(own: tuple[Path, dict[str, Any], int]) -> Path:
    """An image of the same tree, elsewhere, on one that is given; each comes as a tar."""
    folder = own[0].with_name("based")
    folder.mkdir()
    given = ground(folder / "ground", "PATH=/somewhere", f"PYTHON_VERSION={VERSION}.9")
    with tarfile.open(folder / "ground.tar", "w") as tar:
        tar.add(given, ".")
    made(folder / "shop", "--oci", "out.tar", "--base", "../ground.tar", port=own[2])
    with tarfile.open(folder / "shop/out.tar") as tar:
        tar.extractall(folder / "out", filter="data")
    return folder / "out"


@pytest.mark.long
def test_the_same_tree_is_the_same_layer(
    own: tuple[Path, dict[str, Any], int], based: Path
) -> None:
    one, two = (Read(out).images()["shop"][1] for out in (own[0] / "out", based))
    assert [layer.name for layer in one[-2:]] == [layer.name for layer in two[-2:]]
    assert one[0].name != two[0].name


@pytest.mark.long
def test_the_same_tree_is_the_same_image(
    own: tuple[Path, dict[str, Any], int], tmp_path: Path
) -> None:
    """Whenever it is built, and wherever it lies."""
    assert made(tmp_path / "elsewhere", "--oci", "out", port=own[2]) == own[1]
    names = [
        sorted(one.name for one in (folder / "out").rglob("*"))
        for folder in (own[0], tmp_path / "elsewhere")
    ]
    assert names[0] == names[1]
    assert len(names[0]) == 10  # four layers, configuration, manifest, index, layout, two folders


def test_what_is_given_comes_along_as_it_is(tmp_path: Path) -> None:
    given = ground(tmp_path / "ground", "PATH=/somewhere", f"PYTHON_VERSION={VERSION}.9")
    found = given_ground(given, Layout(tmp_path / "out"))
    digest = found.layers[0].diff.removeprefix("sha256:")
    assert (tmp_path / "out/blobs/sha256" / digest).read_bytes() == (
        given / "blobs/sha256" / digest
    ).read_bytes()
    assert found.variables == {"PATH": "/somewhere", "PYTHON_VERSION": f"{VERSION}.9"}
    assert found.python == "python3"


@pytest.mark.long
def test_an_image_stands_on_the_one_that_is_given(based: Path) -> None:
    config, layers = Read(based).images()["shop"]
    with tarfile.open(layers[0]) as tar:
        assert tar.getnames() == ["etc", "etc/ground"]
    variables = dict(one.split("=", 1) for one in config["config"]["Env"])
    assert variables["PATH"] == "/somewhere"
    assert "LD_LIBRARY_PATH" not in variables
    assert config["config"]["Entrypoint"][0] == "python3"


def test_no_layer_tells_when_and_by_whom_it_was_made(own: tuple[Path, dict[str, Any], int]) -> None:
    """Nor has it anything that its user could change, but the folder of what a host keeps."""
    for layer in Read(own[0] / "out").images()["shop"][1]:
        with tarfile.open(layer) as tar:
            entries = tar.getmembers()
        assert [one.name for one in entries] == sorted(one.name for one in entries)
        assert {one.mtime for one in entries} == {0}
        assert {one.uname + one.gname for one in entries} == {""}
        assert {one.name for one in entries if one.uid} <= {"srv/app/.hanse"}
        assert {one.name for one in entries if one.mode & 0o022 and not one.issym()} <= {"tmp"}
        assert not any(one.name.startswith("/") or ".." in one.name.split("/") for one in entries)
        assert not any("__pycache__" in one.name for one in entries)


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        pytest.param("version", "has Python 2.7.1, and what was built is for Python", id="version"),
        pytest.param("blob", "is not what its name says; get it anew.", id="blob"),
        pytest.param("index", "is no OCI image layout", id="index"),
        pytest.param("two", "has 2 images; give one with one.", id="two"),
    ],
)
def test_what_no_image_can_stand_on_is_refused(tmp_path: Path, harm: str, said: str) -> None:
    given = ground(tmp_path / "ground", "PYTHON_VERSION=2.7.1" if harm == "version" else "A=b")
    index = json.loads((given / "index.json").read_text())
    if harm == "blob":
        blob = given / "blobs" / index["manifests"][0]["digest"].replace(":", "/")
        blob.write_bytes(blob.read_bytes() + b" ")
    if harm == "index":
        (given / "index.json").unlink()
    if harm == "two":
        index["manifests"] *= 2
        (given / "index.json").write_text(json.dumps(index))
    with pytest.raises(LayoutError, match=said):
        given_ground(given, Layout(tmp_path / "out"))


def test_what_is_no_layout_is_not_taken_away(tmp_path: Path) -> None:
    (tmp_path / "src").mkdir()
    (tmp_path / "src/precious").write_text("mine")
    with pytest.raises(OSError, match="not empty"), written(tmp_path / "src") as draft:
        draft.mkdir()
    assert (tmp_path / "src/precious").read_text() == "mine"
    assert [one.name for one in tmp_path.iterdir()] == ["src"]
