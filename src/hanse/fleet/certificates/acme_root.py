"""Whom an ACME server of one's own is believed by: `[gateway.acme] root`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509

from hanse.fleet.certificates.own_files import FILE_BYTES_MAX
from hanse.fleet.certificates.pair import CertificateError

if TYPE_CHECKING:
    from pathlib import Path

FIELD = "gateway.acme.root"


def check_root(path: Path) -> None:
    """Looks whether certificates are there, so that no order fails for it in the night.

    Raises:
        CertificateError: There are none.
    """
    try:
        with path.open("rb") as file:
            raw = file.read(FILE_BYTES_MAX)
    except OSError as error:
        raise CertificateError(
            f"{FIELD}: {path} cannot be read: {error.strerror}. Name the file with the root "
            "certificate of your authority, PEM; leave it out for one that browsers know."
        ) from None
    try:
        x509.load_pem_x509_certificates(raw)
    except ValueError:
        raise CertificateError(
            f"{FIELD}: {path} holds no certificate. It is the root certificate of your authority "
            "as PEM, which begins with -----BEGIN CERTIFICATE-----."
        ) from None
