"""A certificate before it is signed: what those of every authority of ours have in common."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509

if TYPE_CHECKING:
    from datetime import datetime

    from cryptography.hazmat.primitives.asymmetric import ec

    from hanse.fleet.certificates.pair import Key


def draft_of(
    subject: x509.Name, key: ec.EllipticCurvePrivateKey, begins: datetime, ends: datetime
) -> x509.CertificateBuilder:
    """Whose it is, and for how long it counts; who issues it is still to be said."""
    draft = x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
    draft = draft.serial_number(x509.random_serial_number())
    return draft.not_valid_before(begins).not_valid_after(ends)


def extended(
    draft: x509.CertificateBuilder,
    key: ec.EllipticCurvePrivateKey,
    issuer: Key,
    *,
    authorities_below: int | None = None,
) -> x509.CertificateBuilder:
    """A draft with what strict readers want to see of each: its use, its key and its issuer's.

    Args:
        draft: Of the certificate.
        key: Its own.
        issuer: The key it will be signed by.
        authorities_below: How many may stand between this authority and whom it lets be signed for;
            None for what is no authority.
    """
    is_authority = authorities_below is not None
    usage = x509.KeyUsage(
        digital_signature=not is_authority,
        key_cert_sign=is_authority,
        crl_sign=is_authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
    basic = x509.BasicConstraints(ca=is_authority, path_length=authorities_below)
    issuer_key = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key())
    draft = draft.add_extension(basic, critical=True).add_extension(usage, critical=True)
    own_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    return draft.add_extension(own_key, critical=False).add_extension(issuer_key, critical=False)


def general_name(name: str) -> x509.GeneralName:
    """A name of a host, or an address, as certificates have it."""
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)
