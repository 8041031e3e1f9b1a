"""The files of identities: a key and its certificates in one file, so that nobody meets half."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.fleet.certificates.pair import CertificateError, Pair, from_bytes, to_bytes
from hanse.fleet.state import write_whole
from hanse.kit.private_folder import make_private
from hanse.runtime.config.configuration_error import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path

AUTHORITY = "authority.pem"
"""Key and certificate of a region's authority, the root behind it."""

TRUSTED = "trusted.pem"
"""The roots whose processes are of this project."""


class IdentityError(ConfigurationError):
    """An identity cannot be given; `problems` say why, and the way out."""


def keep(file: Path, pair: Pair) -> None:
    """Writes a pair whole, for its user alone.

    Raises:
        StateError: It cannot be written.
    """
    make_private(file.parent)
    write_whole(file, to_bytes(pair))


def kept(file: Path) -> Pair | None:
    """What was kept; None for nothing that can be used, which is then made anew."""
    try:
        return from_bytes(file.read_bytes(), str(file))
    except (OSError, CertificateError):
        return None
