"""One certificate from an ACME server (RFC 8555); blocks, so it is called in a thread."""

# The fields of josepy's and acme's messages are made by decorators no type checker sees through.
# pyright: basic

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple

import requests
from acme import challenges, client, errors, messages
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID

from hanse.fleet.certificates.pair import CertificateError, Pair, pem_of_key, read_pair
from hanse.fleet.state import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Show = Callable[[str, str], None]
    """Shows an answer at `/.well-known/acme-challenge/TOKEN`; returns when it is to be seen."""

josepy: Any = import_module("josepy")

USER_AGENT = "hanse"


class AcmeError(Exception):
    """There is no certificate this time; says why, in the server's words where it spoke."""


class AcmeClient(NamedTuple):
    """Who asks whom.

    Attributes:
        account_file: Of the key by which the server knows us; made at the first order.
        directory: URL of the server's directory.
        email: Where the server writes to.
        roots: File of authorities to believe the server by; empty for the usual ones.
    """

    account_file: Path
    directory: str
    email: str
    roots: str = ""

    def order(self, domain: str, show: Show) -> Pair:
        """Proves that the domain leads here, and takes the certificate for it.

        Takes seconds, 90 at most after the proof began.

        Raises:
            AcmeError: The server cannot be reached, or does not believe it.
            StateError: The account's key cannot be kept.
        """
        try:
            return self._order(domain, show)
        except messages.Error as error:
            raise AcmeError(_words(error)) from error
        except errors.ValidationError as error:
            raise AcmeError(_words_of_all(error)) from error
        except errors.TimeoutError as error:
            raise AcmeError("the server did not come to a verdict within 90 s") from error
        except (errors.Error, josepy.errors.Error, CertificateError) as error:
            raise AcmeError(str(error) or type(error).__name__) from error
        except requests.exceptions.SSLError as error:
            raise AcmeError(
                f"nobody known here vouches for {self.directory}; if it is an authority of your "
                "own, name its certificate as root in [gateway.acme]"
            ) from error
        except requests.RequestException as error:
            reason = type(error).__name__
            raise AcmeError(f"{self.directory} cannot be reached ({reason})") from error

    def _order(self, domain: str, show: Show) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        session = self._sign_in()
        order: Any = session.new_order(_request(domain, key))
        for authorization in order.authorizations:
            if authorization.body.status == messages.STATUS_VALID:
                continue  # proved before, which servers remember for a while
            challenge = _http_challenge(authorization)
            response, answer = challenge.response_and_validation(session.net.key)
            show(challenge.chall.encode("token"), answer)
            session.answer_challenge(challenge, response)
        chain = session.poll_and_finalize(order).fullchain_pem.encode()
        private = pem_of_key(key).encode()
        return read_pair(chain, private, chain_name="what it sent", key_name="ours")

    def _sign_in(self) -> client.ClientV2:
        """Registers us; a server that knows the key answers by the account it has."""
        key = josepy.JWKEC(key=josepy.ComparableECKey(self._account_key()))
        net: Any = client.ClientNetwork(key, alg=josepy.ES256, user_agent=USER_AGENT, timeout=30)
        net.verify_ssl = self.roots or True  # passed on to requests, which takes a file too
        directory = client.ClientV2.get_directory(self.directory, net)
        session = client.ClientV2(directory, net)
        wanted = messages.NewRegistration.from_data(email=self.email, terms_of_service_agreed=True)
        try:
            session.new_account(wanted)
        except errors.ConflictError as known:
            body = messages.Registration()
            net.account = messages.RegistrationResource(body=body, uri=known.location)
        return session

    def _account_key(self) -> ec.EllipticCurvePrivateKey:
        try:
            key = load_pem_private_key(self.account_file.read_bytes(), password=None)
        except (FileNotFoundError, ValueError):
            key = None
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            key = ec.generate_private_key(ec.SECP256R1())
            write_whole(self.account_file, pem_of_key(key).encode())
        return key


def _request(domain: str, key: ec.EllipticCurvePrivateKey) -> bytes:
    draft = x509.CertificateSigningRequestBuilder()
    draft = draft.subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, domain[:64])]))
    names = x509.SubjectAlternativeName([x509.DNSName(domain)])
    return draft.add_extension(names, critical=False).sign(key, SHA256()).public_bytes(Encoding.PEM)


def _http_challenge(authorization: Any) -> Any:
    for one in authorization.body.challenges:
        if isinstance(one.chall, challenges.HTTP01):
            return one
    raise AcmeError("the server does not take a proof over HTTP (http-01) for this domain")


def _words(error: Any) -> str:
    return str(error.detail or error.description or error.typ)


def _words_of_all(error: errors.ValidationError) -> str:
    failed: list[Any] = error.failed_authzrs
    found = [
        _words(challenge.error)
        for authorization in failed
        for challenge in authorization.body.challenges
        if challenge.error is not None
    ]
    return "; ".join(found)
