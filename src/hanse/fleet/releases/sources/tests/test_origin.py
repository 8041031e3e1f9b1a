"""The commit is told of whoever's clone is built by whoever may read it, and nothing of the clone is run for it."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from hanse.fleet.releases.sources.origin import Origin, Repository

IDENTITY = ("-c", "user.name=x", "-c", "user.email=x@y.example")
NOBODY = 65534


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *IDENTITY, *arguments], cwd=folder, check=True, capture_output=True, text=True
    )
    return done.stdout.strip()


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A repository with one service in a folder of its own."""
    folder = tmp_path / "clone"
    (folder / "shop").mkdir(parents=True)
    (folder / "shop/ämter.py").write_text("1")
    git(folder, "init", "-q")
    git(folder, "add", ".")
    git(folder, "commit", "-qm", "first")
    return folder


def origin(clone: Path, *names: str) -> Origin:
    files = [clone / "shop" / name for name in names or ("ämter.py",)]
    return Repository(clone / "shop").origin((one, one.read_bytes()) for one in files)


def test_the_commit_is_told(clone: Path) -> None:
    git(clone, "remote", "add", "origin", "https://user:token@git.example/shop.git")
    commit = git(clone, "rev-parse", "HEAD")
    assert origin(clone) == Origin(commit, repository="https://git.example/shop.git")


def test_a_file_that_is_otherwise_is_told_and_another_one_is_not(clone: Path) -> None:
    (clone / "README.md").write_text("not of the release")
    assert not origin(clone).changed
    (clone / "shop/words.txt").write_text("new")
    assert origin(clone, "ämter.py", "words.txt").changed
    (clone / "shop/ämter.py").write_text("2")
    assert origin(clone).changed


def test_a_repository_of_longer_names_is_read_too(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    (tmp_path / "shop/ämter.py").write_text("1")
    git(tmp_path, "init", "-q", "--object-format=sha256")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    found = origin(tmp_path)
    assert len(found.commit) == 64
    assert not found.changed


def test_where_there_is_none_nothing_is_told(tmp_path: Path) -> None:
    assert Repository(tmp_path).origin(()) == Origin()


def hostile(clone: Path, note: Path) -> None:
    """Names a program wherever git would run one that only looks."""
    script = clone / "run.sh"
    script.write_text(f"#!/bin/sh\ntouch {note}\n")
    script.chmod(0o755)
    for name in (
        *("core.fsmonitor", "core.pager", "pager.ls-tree", "core.sshCommand", "core.gitProxy"),
        *("filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "diff.external"),
        *("alias.rev-parse", "uploadpack.packObjectsHook", "credential.helper"),
    ):
        git(clone, "config", name, f"!{script}" if name.startswith("alias") else str(script))
    (clone / ".git/info/attributes").write_text("* filter=evil\n")
    git(clone, "config", "core.hooksPath", str(clone))
    for hook in ("post-index-change", "reference-transaction", "post-checkout"):
        (clone / hook).symlink_to(script)


def test_nothing_that_a_repository_names_is_run(clone: Path, tmp_path: Path) -> None:
    commit = git(clone, "rev-parse", "HEAD")
    hostile(clone, tmp_path / "ran")
    (clone / "shop/ämter.py").write_text("2")
    assert origin(clone) == Origin(commit, changed=True)
    assert not (tmp_path / "ran").exists()


def test_nothing_is_fetched(clone: Path, tmp_path: Path) -> None:
    """Of a partial clone git would have what is missing brought by whatever command is named."""
    missing = git(clone, "rev-parse", "HEAD^{tree}")
    (clone / ".git/objects" / missing[:2] / missing[2:]).unlink()
    git(clone, "config", "core.repositoryformatversion", "1")
    git(clone, "config", "extensions.partialClone", "origin")
    git(clone, "config", "remote.origin.promisor", "true")
    git(clone, "config", "remote.origin.url", f"ext::touch {tmp_path / 'ran'}")
    git(clone, "config", "protocol.allow", "always")
    assert origin(clone).changed
    assert not (tmp_path / "ran").exists()


@pytest.mark.root("only root can be somebody else")
def test_a_clone_of_root_is_told_to_nobody_and_one_in_a_folder_of_all_is_not(clone: Path) -> None:
    for folder in (clone, *list(clone.parents)[:-1]):
        if folder.is_relative_to("/dev/shm") or folder.is_relative_to("/tmp"):
            folder.chmod(folder.stat().st_mode | 0o055)
    commit = git(clone, "rev-parse", "HEAD")
    assert as_nobody(clone) == Origin(commit)
    os.chown(clone / ".git", NOBODY + 1, NOBODY)
    assert as_nobody(clone) == Origin()
    assert origin(clone) == Origin()


def as_nobody(clone: Path) -> Origin:
    read, write = os.pipe()
    if (pid := os.fork()) == 0:
        try:
            os.setresuid(NOBODY, NOBODY, NOBODY)
            told = origin(clone)
            os.write(write, f"{told.commit} {told.changed:d}".encode())
        finally:
            os._exit(0)
    os.close(write)
    with os.fdopen(read) as said:
        commit, _, changed = said.read().partition(" ")
    os.waitpid(pid, 0)
    return Origin(commit, changed == "1")
