"""Writes requirements.lock from pyproject.toml, or with --check tells whether they are in step."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
LOCK = ROOT / "requirements.lock"
PROJECT = ROOT / "pyproject.toml"

# One file for every supported Python and system, and not a word about where it was fetched from.
COMPILE = (
    *("uv", "pip", "compile", "pyproject.toml", "--output-file", "requirements.lock"),
    *("--universal", "--python-version", "3.11", "--generate-hashes", "--all-extras"),
    *("--group", "dev", "--no-emit-index-url", "--no-emit-find-links", "--quiet"),
    *("--custom-compile-command", "python scripts/lock.py"),
)

PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?P<rest>.*)$", re.MULTILINE)


def wanted(project: dict[str, Any]) -> list[Requirement]:
    """List everything pyproject asks for: to run, by extra, to develop and to build."""
    extras: dict[str, list[str]] = project["project"].get("optional-dependencies", {})
    groups: dict[str, list[str]] = project.get("dependency-groups", {})
    lists = [
        project["project"].get("dependencies", []),
        *extras.values(),
        *groups.values(),
        project["build-system"]["requires"],
    ]
    return [Requirement(text) for requirements in lists for text in requirements]


def faults(project: dict[str, Any], lock: str) -> list[str]:
    """Name what keeps the lock from standing for this pyproject, one sentence each."""
    pins = {canonicalize_name(pin["name"]): pin["version"] for pin in PIN.finditer(lock)}
    found: list[str] = []
    for requirement in wanted(project):
        version = pins.get(canonicalize_name(requirement.name))
        if version is None:
            found.append(f"{requirement.name} is not in the lock")
        elif not requirement.specifier.contains(version, prereleases=True):
            found.append(f"the lock has {requirement.name} {version}, not {requirement.specifier}")
    found += [f"{pin['name']} has no hash" for pin in PIN.finditer(lock) if "\\" not in pin["rest"]]
    if "://" in lock:
        found.append("the lock names an address; it must install from whatever index one has")
    return found


def check() -> int:
    found = faults(tomllib.loads(PROJECT.read_text()), LOCK.read_text())
    for fault in found:
        print(f"requirements.lock: {fault}; run scripts/lock.py")
    return 1 if found else 0


def main(arguments: list[str]) -> int:
    if arguments == ["--check"]:
        return check()
    if arguments not in ([], ["--upgrade"]):
        print("usage: scripts/lock.py [--check | --upgrade]", file=sys.stderr)
        return 2
    return subprocess.run([*COMPILE, *arguments], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
