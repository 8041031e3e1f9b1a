"""Another state of the project's sources, out of its git repository."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from hanse.catalog.describing import Described
from hanse.cli.refusal import Refused
from hanse.runtime.project.project import FILE

if TYPE_CHECKING:
    from hanse.runtime.description.service_description import ProjectDescription


class Repository:
    """The git repository a project lies in.

    Args:
        folder: The project's.

    Raises:
        Refused: It lies in none, or there is no git.
    """

    def __init__(self, folder: Path) -> None:
        git = shutil.which("git")
        if git is None:
            raise Refused(
                "There is no git on this machine. Give a file to compare with: hanse describe "
                "--out FILE writes one, and hanse breaking --against FILE reads it."
            )
        self._git, self._folder = git, folder
        if self._answer("rev-parse", "--is-inside-work-tree") != "true":
            raise Refused(
                f"{folder} lies in no git repository. Give a file to compare with: hanse describe "
                "--out FILE writes one, and hanse breaking --against FILE reads it."
            )

    def release_before(self) -> str:
        """What the sources here come after: the last tag on the way here, else the last commit.

        Where nothing is changed here, the commit that stands here is what comes after it. Empty if
        there is none before.
        """
        changed = self._answer("status", "--porcelain", "--", ".")
        here = "HEAD" if changed else "HEAD^"
        if self._answer("rev-parse", "--verify", "--quiet", f"{here}^{{commit}}") is None:
            return ""
        return self._answer("describe", "--tags", "--abbrev=0", here) or here

    def described(self, name: str, environment: str) -> ProjectDescription:
        """What the project was at a tag, branch or commit.

        Raises:
            Refused: There is none of that name, or the project cannot be imported as it was there.
        """
        commit = self._answer(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"
        )
        if not commit:
            raise Refused(
                f"There is neither a file {name} nor a tag, branch or commit of that name.",
                "Compare with what runs here: hanse breaking --against running",
            )
        prefix = self._answer("rev-parse", "--show-prefix") or ""
        with tempfile.TemporaryDirectory(prefix="hanse-") as made:
            self._unpack(commit, Path(made))
            folder = Path(made).resolve() / prefix
            if not (folder / FILE).is_file():
                raise Refused(f"At {name} there was no {FILE} in {prefix or 'this folder'}.")
            return _described(folder, environment, name)

    def _unpack(self, commit: str, folder: Path) -> None:
        """Lays the whole tree of a commit down, as other folders than the project's may be used."""
        top = self._answer("rev-parse", "--show-toplevel") or "."
        packed = subprocess.run(  # noqa: S603 - git, and a commit it named itself
            [self._git, "-C", top, "archive", "--format=zip", commit],
            capture_output=True, check=False,
        )  # fmt: skip
        if packed.returncode != 0:
            raise Refused(f"git archive: {packed.stderr.decode(errors='replace').strip()}")
        with zipfile.ZipFile(io.BytesIO(packed.stdout)) as archive:
            archive.extractall(folder)

    def _answer(self, *words: str) -> str | None:
        """What git says; None if it says no."""
        said = subprocess.run(  # noqa: S603 - git; what users name stands behind --end-of-options
            [self._git, "-C", str(self._folder), *words],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        return said.stdout.strip() if said.returncode == 0 else None


def _described(folder: Path, environment: str, name: str) -> ProjectDescription:
    command = [sys.executable, "-P", "-m", "hanse.catalog.describing", str(folder), environment]
    said = subprocess.run(  # noqa: S603 - a module of ours
        command, cwd=folder, capture_output=True, check=False
    )
    if said.returncode != 0:
        words = said.stderr.decode(errors="replace").splitlines()[-5:]
        raise Refused(f"The services as they were at {name} cannot be looked at.", *words)
    found = msgspec.json.decode(said.stdout, type=Described)
    if found.description is None:
        raise Refused(f"At {name} the services could not be imported:", *found.problems)
    return found.description
