"""Whom a fleet runs as when it is started by root: somebody else, who can read what root could."""

from __future__ import annotations

import os
import pwd
import shutil
import stat
import subprocess
import sys
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, NamedTuple

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.data.files.store_table import FOLDER as FILES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from hanse.fleet.state import StateFolder

NOBODY = 65534
PRIVILEGED_PORTS = 1024
READ_ALL = "dac_read_search"
BIND_LOW = "net_bind_service"
CHECK_SECONDS = 30.0
WORDS_SHOWN = 3

# What the control process will need: its code, the project, and its state folder to write in.
_CHECK = """
import importlib.util, sys, tempfile
open("hanse.toml").close()
open(importlib.util.find_spec("hanse").origin).close()
tempfile.TemporaryFile(dir=sys.argv[1]).close()
"""


class PrivilegeError(ConfigurationError):
    """Root's rights cannot be laid down; `problems` say why, and the way out."""


class Account(NamedTuple):
    """Whom a fleet runs as."""

    name: str
    user: int
    group: int
    home: str


def lay_down(
    state: StateFolder, variables: Mapping[str, str], ports: Iterable[int] = ()
) -> tuple[str, ...]:
    """What to put before a command so that it, and all it starts, runs without root's rights.

    That is as whoever called sudo, else as the owner of the project's folder, else as nobody. The
    state folder and `.hanse/files` are given over to them, and nothing else is touched; so this
    comes after all that root writes there. Nobody, where code or project lie in a folder that only
    root may enter, gets the right to read what root reads; a person never does.

    Args:
        state: The project's state folder, as seen from its folder.
        variables: The environment.
        ports: Of the gateway; the right to open one below 1024 is kept if it is needed.

    Returns:
        Nothing, if this is not root.

    Raises:
        PrivilegeError: It cannot be done.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise PrivilegeError(
            "This runs as root, and hanse up gives root's rights away with setpriv, which is not "
            "there. Run it as another user, or install util-linux: apt-get install util-linux"
        )
    account = account_for(state, variables)
    give_over(state, account)
    rights = (BIND_LOW,) if any(0 < port < PRIVILEGED_PORTS for port in ports) else ()
    # Not for a person: by closing one file to themselves they could have all of root's read.
    further = [(READ_ALL,)] if account.user == _nobody() else []
    said = ""
    for more in ((), *further):
        command = _prefix(setpriv, account, (*rights, *more))
        said = _try(command, state, variables)
        if not said:
            return command
    raise PrivilegeError(
        f"This runs as root, and hanse up would go on as {account.name}, who cannot read the "
        f"project or Python itself, {sys.executable}: {said} Run it as another user, or put both "
        "where others can read them."
    )


def account_for(state: StateFolder, variables: Mapping[str, str]) -> Account:
    """Who called sudo, else the owner of the project's folder, else nobody."""
    found = state.project.stat()
    asked = variables.get("SUDO_UID", "")
    for user in (int(asked) if asked.isdecimal() else 0, found.st_uid):
        if user != 0:
            return _account(user, found.st_gid)
    return _account(_nobody(), NOBODY)


def _nobody() -> int:
    with suppress(KeyError):
        return pwd.getpwnam("nobody").pw_uid
    return NOBODY


def give_over(state: StateFolder, account: Account) -> None:
    """Makes the state folder and that of files, and gives what root has in them to the account.

    `.hanse` around them becomes theirs too if it is made now and they are a person; else it stays
    root's, who keeps the key of `hanse token` there.
    """
    with ExitStack() as opened:
        project = os.open(state.project, os.O_RDONLY | os.O_DIRECTORY)
        opened.callback(os.close, project)
        hanse, made = _enter(project, state.hanse)
        opened.callback(os.close, hanse)
        if made and account.name != "nobody":
            os.fchown(hanse, account.user, account.group)
        for folder in (state.folder, state.project / FILES):
            inside, _ = _enter(hanse, folder)
            opened.callback(os.close, inside)
            for _, folders, files, handle in os.fwalk(".", dir_fd=inside, follow_symlinks=False):
                for name in (".", *folders, *files):
                    _give(name, handle, account)


def _enter(above: int, folder: Path) -> tuple[int, bool]:
    """Opens a folder, which must be a real one, and says whether it is made now.

    Everything goes by what is open, because whoever owns the project may exchange names meanwhile.
    """
    made = False
    with suppress(FileExistsError):
        os.mkdir(folder.name, 0o700, dir_fd=above)
        made = True
    try:
        flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW
        return os.open(folder.name, flags, dir_fd=above), made
    except OSError as error:
        raise PrivilegeError(f"{folder} is in the way: {error.strerror}. Move it away.") from None


def _give(name: str, folder: int, account: Account) -> None:
    """Gives one entry away, looked at through what is open: it cannot be another one meanwhile."""
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK
    try:
        handle = os.open(name, flags, dir_fd=folder)
    except OSError:  # a socket or a link: nobody's to give; whoever listens makes a new one
        return
    try:
        found = os.fstat(handle)
        # A file with a second name may lie outside too.
        alone = stat.S_ISDIR(found.st_mode) or found.st_nlink == 1
        if found.st_uid == 0 and alone:
            os.fchown(handle, account.user, account.group)
    finally:
        os.close(handle)


def _account(user: int, group: int) -> Account:
    try:
        found = pwd.getpwuid(user)
    except KeyError:
        return Account(f"user {user}", user, group, "/")
    return Account(found.pw_name, user, found.pw_gid, found.pw_dir)


def _prefix(setpriv: str, account: Account, rights: tuple[str, ...]) -> tuple[str, ...]:
    only = ",".join(("-all", *(f"+{right}" for right in rights)))
    return (
        *(setpriv, f"--reuid={account.user}", f"--regid={account.group}", "--clear-groups"),
        # Else access(2) would answer without these rights, and initdb believes what it answers.
        "--securebits=+no_setuid_fixup",
        *("--no-new-privs", f"--inh-caps={only}", f"--ambient-caps={only}"),
        f"--bounding-set={only}",
        *("/usr/bin/env", f"HOME={account.home}", f"USER={account.name}"),
    )


def _try(prefix: tuple[str, ...], state: StateFolder, variables: Mapping[str, str]) -> str:
    """Why a process with this prefix cannot do what the control process must; empty if it can."""
    command = (*prefix, sys.executable, "-P", "-c", _CHECK, str(state.folder))
    try:
        done = subprocess.run(  # noqa: S603 - put together here
            command,
            cwd=state.project,
            env=dict(variables),
            capture_output=True,
            timeout=CHECK_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    words = done.stderr.decode(errors="replace").strip().splitlines()[-WORDS_SHOWN:]
    return "" if done.returncode == 0 else " ".join(words) or f"exit code {done.returncode}."
