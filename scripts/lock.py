"""Writes both lock files from pyproject.toml, or with --check tells whether they are in step."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = ROOT / "pyproject.toml"
FULL = "requirements.lock"
RUN = "requirements-run.lock"

# One file for every supported Python and system, and not a word about where it was fetched from.
COMPILE = (
    *("uv", "pip", "compile", "pyproject.toml", "--universal", "--python-version", "3.11"),
    *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links", "--quiet"),
    *("--custom-compile-command", "python scripts/lock.py"),
)
# The second is held to the versions of the first, so that an environment of all serves both.
CONTENTS = {
    FULL: ("--all-extras", "--group", "dev"),
    RUN: ("--extra", "fleet", "--group", "clone", "--constraint", FULL),
}

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?P<rest>.*)$", re.MULTILINE)


HASH = re.compile(r"--hash=(\S+)")


def wanted(project: dict[str, Any], *, to_run: bool = False) -> list[Requirement]:
    """List what pyproject asks for: to run and to build, and if not only that, for all the rest."""
    extras: dict[str, list[str]] = project["project"].get("optional-dependencies", {})
    groups: dict[str, list[Any]] = project.get("dependency-groups", {})
    lists: list[list[Any]] = [
        project["project"].get("dependencies", []),
        project["build-system"]["requires"],
        *([extras.get("fleet", [])] if to_run else [*extras.values(), *groups.values()]),
    ]
    texts = [text for requirements in lists for text in requirements]
    return [Requirement(text) for text in texts if isinstance(text, str)]  # else an include-group


def faults(requirements: list[Requirement], lock: str) -> list[str]:
    """Name what keeps the lock from standing for these requirements, one sentence each."""
    pins = {canonicalize_name(pin["name"]): pin["version"] for pin in PIN.finditer(lock)}
    found: list[str] = []
    for requirement in requirements:
        version = pins.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{requirement.name} is not in the lock")
        elif not requirement.specifier.contains(version, prereleases=True):
            found.append(f"the lock has {requirement.name} {version}, not {requirement.specifier}")
    found += [f"{pin['name']} has no hash" for pin in PIN.finditer(lock) if "\\" not in pin["rest"]]
    if "://" in lock:
        found.append("the lock names an address; it must install from whatever index one has")
    return found


def strays(lock: str, full: str) -> list[str]:
    """Name what a lock holds otherwise than the full one, in version or in hashes."""
    known = _files(full)
    return [
        f"{name} {version} is not as in {FULL}"
        for (name, version), files in _files(lock).items()
        if known.get((name, version)) != files
    ]


def _files(lock: str) -> dict[tuple[str, str], set[str]]:
    """Hashes of the files by what they are of: name and version."""
    pins = list(PIN.finditer(lock))
    ends = [pin.start() for pin in pins[1:]] + [len(lock)]
    return {
        (pin["name"], pin["version"]): set(HASH.findall(lock[pin.start() : end]))
        for pin, end in zip(pins, ends, strict=True)
    }


def check() -> int:
    project = tomllib.loads(PROJECT.read_text())
    full, run = (ROOT / FULL).read_text(), (ROOT / RUN).read_text()
    found = [(FULL, fault) for fault in faults(wanted(project), full)]
    of_run = faults(wanted(project, to_run=True), run) + strays(run, full)
    found += [(RUN, fault) for fault in of_run]
    for name, fault in found:
        print(f"{name}: {fault}; run scripts/lock.py")
    return 1 if found else 0


def compile_all(arguments: list[str]) -> int:
    """Write both, the full one first; stop where one cannot be made."""
    for name, contents in CONTENTS.items():
        command = [*COMPILE, "--output-file", name, *contents, *arguments]
        code = subprocess.run(command, cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        return check()
    if arguments not in ([], ["--upgrade"]):
        print("usage: scripts/lock.py [--check | --upgrade]", file=sys.stderr)
        return 2
    return compile_all(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
