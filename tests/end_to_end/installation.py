"""Installs the built wheel into an environment that has what the wheel says it needs."""

import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[2]


def build_wheel(out: Path) -> Path:
    """The wheel of this tree, built without fetching anything."""
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(out)]
    made = subprocess.run([*build, str(ROOT)], capture_output=True, text=True, check=False)
    assert made.returncode == 0, made.stdout + made.stderr
    (wheel,) = out.glob("hanse-*.whl")
    return wheel


def install(wheel: Path, environment: Path) -> Path:
    """The `bin` folder of a new environment with the wheel and its declared dependencies."""
    python = environment / "bin/python"
    if uv := shutil.which("uv"):
        _run(uv, "venv", "--offline", "--python", sys.executable, str(environment))
        target = ("--offline", "--no-deps", "--python", str(python))
        _run(uv, "pip", "install", *target, str(wheel))
    else:
        _run(sys.executable, "-m", "venv", str(environment))
        _run(str(python), "-m", "pip", "install", "--no-index", "--no-deps", str(wheel))
    (packages,) = environment.glob("lib/python*/site-packages")
    for distribution in _dependencies(_required(wheel)):
        _link(distribution, packages)
    return environment / "bin"


def _run(*command: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def _required(wheel: Path) -> list[str]:
    """What the wheel says it needs, its extras left out."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
        lines = archive.read(name).decode().splitlines()
    return [line.removeprefix("Requires-Dist: ") for line in lines if line.startswith("Requires-")]


def _dependencies(requirements: list[str]) -> Iterator[metadata.Distribution]:
    """Every distribution of this environment that these ask for, directly or not."""
    waiting, seen = list(requirements), set[str]()
    while waiting:
        text = waiting.pop()
        if text.startswith("Requires-Python"):
            continue
        requirement = Requirement(text)
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        if requirement.name.lower() in seen:
            continue
        seen.add(requirement.name.lower())
        distribution = metadata.distribution(requirement.name)
        waiting += distribution.requires or []
        yield distribution


def _link(distribution: metadata.Distribution, packages: Path) -> None:
    tops = {file.parts[0] for file in distribution.files or () if file.parts[0] != ".."}
    for top in tops - {"__pycache__"}:
        target = packages / top
        if not target.exists():
            target.symlink_to(Path(str(distribution.locate_file(top))))
