"""Programs that refuse to run as root, where tests are run by root: as nobody, who reads all."""

from __future__ import annotations

import os
import shutil

from hanse.runtime.config.configuration_error import ConfigurationError

NOBODY = 65534
_ONLY = "-all,+dac_read_search"


def as_nobody() -> tuple[str, ...]:
    """What to put before a command so that it runs without root's rights; nothing if not root.

    Raises:
        ConfigurationError: The program that lays them down is missing.
    """
    if os.geteuid() != 0:
        return ()
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ConfigurationError(
            "Tests run as root here, and PostgreSQL never does: it needs setpriv, which is "
            "missing. Run them as another user, or: apt-get install util-linux"
        )
    return (
        *(setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"),
        *("--securebits=+no_setuid_fixup", "--no-new-privs", f"--inh-caps={_ONLY}"),
        *(f"--ambient-caps={_ONLY}", f"--bounding-set={_ONLY}"),
    )
