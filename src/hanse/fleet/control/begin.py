"""Begins a fleet: `python -m hanse.fleet.control.begin`, with what is asked on the standard input.

It runs as whoever the fleet is to run as, writes what that one must own, and leaves the keeper.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import msgspec

from hanse.fleet.control.api import Asked
from hanse.fleet.engine.log_file import open_log
from hanse.fleet.state import StateFolder, write_whole
from hanse.kit.clock import unix_seconds
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.development import DevelopmentIssuer
from hanse.runtime.credentials.issuer import Issuer

KEEPER = (sys.executable, "-P", "-m", "hanse.fleet.control.keeper")


class Beginning(msgspec.Struct, frozen=True):
    """What a fleet begins with.

    Attributes:
        asked: What was asked for.
        local: Whether only this machine can reach its gateway, so that `hanse token` may count.
        issuer: That of `hanse token`, where only whoever began could read its key.
    """

    asked: Asked
    local: bool
    issuer: Issuer | None = None


def development_issuer(state: StateFolder) -> Issuer | None:
    """The issuer of `hanse token`; None where the folder of its key is somebody else's.

    Raises:
        ConfigurationError: The key is open to others, or damaged.
    """
    if state.hanse.stat().st_uid != os.geteuid():
        return None
    return DevelopmentIssuer(state.hanse, unix_seconds).issuer()


def main() -> int:
    """Prepares the state folder and leaves the keeper running.

    Returns:
        1 when it cannot; why is said on the standard error, a line a sentence.
    """
    os.umask(0o077)
    state = StateFolder(Path())
    beginning = msgspec.json.decode(sys.stdin.buffer.read(), type=Beginning)
    try:
        state.prepare()
        _write(state, beginning)
        log = open_log(state.log("control"))
    except ConfigurationError as error:
        sys.stderr.write("\n".join(error.problems))
        return 1
    subprocess.Popen(  # noqa: S603 - a module of ours
        KEEPER, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True
    )
    return 0


def _write(state: StateFolder, beginning: Beginning) -> None:
    issuer = beginning.issuer or (development_issuer(state) if beginning.local else None)
    if issuer is not None and beginning.local:
        write_whole(state.issuer, msgspec.json.encode(issuer))
    else:
        state.issuer.unlink(missing_ok=True)
    write_whole(state.asked, msgspec.json.encode(beginning.asked))


if __name__ == "__main__":
    sys.exit(main())
