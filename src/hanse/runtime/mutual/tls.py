"""TLS between hosts: the files of an identity, and what is asked of both sides."""

from __future__ import annotations

import ssl

import msgspec

from hanse.runtime.config.configuration_error import ConfigurationError


class Tls(msgspec.Struct, frozen=True):
    """Files of a host's identity between machines, PEM. They are followed as they change.

    Attributes:
        certificate: The host's own, with its chain.
        key: The certificate's private key; it may stand in the same file.
        authority: Who signs hosts; a peer without a certificate of theirs is not let in.
        trust_domain: Whose processes are let in and called, by the SPIFFE ID in their certificate,
            as its role allows; empty where whoever the authority signs is a host of ours.
    """

    certificate: str
    key: str
    authority: str
    trust_domain: str = ""


def server_tls(tls: Tls) -> ssl.SSLContext:
    """TLS 1.3 that asks every peer for a certificate of our authority."""
    context = _context(ssl.Purpose.CLIENT_AUTH, tls)
    context.verify_mode = ssl.CERT_REQUIRED
    # Whoever comes shows a certificate that counts now: no ticket spares it.
    context.num_tickets = 0
    return context


def client_tls(tls: Tls) -> ssl.SSLContext:
    """TLS 1.3 that shows our certificate and wants the peer's from our authority.

    In a trust domain a peer is known by its SPIFFE ID, which whoever calls looks at; else by the
    name or address it was called at.
    """
    context = _context(ssl.Purpose.SERVER_AUTH, tls)
    context.check_hostname = not tls.trust_domain
    return context


def _context(purpose: ssl.Purpose, tls: Tls) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(purpose, cafile=tls.authority)
        context.load_cert_chain(tls.certificate, tls.key)
    except (OSError, ssl.SSLError) as error:
        raise ConfigurationError(
            f"This host's identity cannot be read ({tls.certificate}, {tls.key}, {tls.authority}): "
            f"{error}"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    return context
