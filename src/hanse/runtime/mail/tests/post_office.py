"""A real SMTP server in the test's own loop, with boxes to look into and all its moods."""

import asyncio
import email
import email.policy
import ssl
from collections import Counter
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from aiosmtpd.smtp import SMTP, AuthResult
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from hanse import Secret
from hanse.kit.clock import wait_set
from hanse.mail import MailConfig
from hanse.runtime.server.tests.wire import PATIENCE

SENDER = "careers@example.org"


class PostOffice:
    """Takes letters.

    Attributes:
        came: What was sent to it whole, taken or not, one after the other.
        encrypted: Of each, whether it came so.
        most: Connections there were at once.
        narrow: Whether it takes ASCII alone.
        answers: What it says to the next letters: at `rcpt`, `data`, …; it takes those after them.
        folder: Where it keeps its certificate; None to speak in clear.
        login: Whom it lets in; None for everybody.
    """

    def __init__(self, folder=None, login=None, implicit=False, **options):
        self.came, self.encrypted, self.answers, self.narrow = [], [], {}, False
        self.now = self.most = 0
        self.hung = asyncio.Event()
        self.folder, self.login, self.implicit = folder, login, implicit
        self._options = options

    @property
    def boxes(self):
        """What people find who read there: a server that knows Message-IDs keeps each once."""
        return Counter(one["Message-ID"] for one in self.came)

    async def has(self, count):
        """Waits until so many letters came, whatever it said to them."""
        async with asyncio.timeout(PATIENCE):
            while len(self.came) < count:
                await wait_set(asyncio.Event(), 0.005)

    def url(self, password=None):
        scheme, (name, right) = "smtps" if self.implicit else "smtp", self.login or ("", "")
        user = f"{name}:{quote(password or right, safe='')}@" if name else ""
        return f"{scheme}://{user}localhost:{self.port}"

    def config(self, **changes):
        trust = {"authority": self.folder / "cert.pem"} if self.folder else {"tls": "off"}
        given = {"url": Secret(self.url()), "sender": SENDER}
        return MailConfig(
            **(given | {"sender_name": "Kogge Jobs", "timeout": 5.0} | trust | changes)
        )

    async def __aenter__(self):
        context = certified(self.folder) if self.folder else None
        starttls = None if self.implicit else context
        protect = {"tls_context": starttls, "require_starttls": starttls is not None}
        if self.login:
            self._options |= {"authenticator": self._prove, "auth_require_tls": not self.implicit}

        def made():
            given = {"enable_SMTPUTF8": not self.narrow, "hostname": "mx"}
            return Connection(self, **protect, **given, **self._options)

        self._server = await asyncio.get_running_loop().create_server(
            made, "localhost", 0, ssl=context if self.implicit else None
        )
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_):
        self.hung.set()
        self._server.close()

    def _prove(self, server, session, envelope, mechanism, data):
        right = (data.login, data.password) == tuple(one.encode() for one in self.login)
        return AuthResult(success=right, handled=False)

    async def handle_RCPT(self, server, session, envelope, address, options):
        said = self._next("rcpt")
        if said == "hang":
            await self.hung.wait()
        elif said:
            return said
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):
        said = self._next("mail")
        if self.login and not session.authenticated:
            return "530 5.7.0 who are you"
        if said:
            return said
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        said = self._next("data")
        if said == "hang":
            await self.hung.wait()
        if said and said not in {"lost", "late"}:
            return said
        letter = email.message_from_bytes(envelope.content, policy=email.policy.default)
        letter.envelope = (envelope.mail_from, *envelope.rcpt_tos)
        self.came.append(letter)
        self.encrypted.append(session.ssl is not None or self.implicit)
        if said == "late":
            await self.hung.wait()
        if said == "lost":
            server.transport.abort()
        return "250 OK"

    async def handle_QUIT(self, server, session, envelope):
        if self._next("quit") == "hang":
            await self.hung.wait()
        return "221 Bye"

    def _next(self, place):
        waiting = self.answers.get(place)
        return waiting.pop(0) if waiting else None


class Connection(SMTP):
    """One to it, counted."""

    def connection_made(self, transport):
        super().connection_made(transport)
        self.event_handler.now += 1
        self.event_handler.most = max(self.event_handler.most, self.event_handler.now)

    def connection_lost(self, error):
        self.event_handler.now -= 1
        super().connection_lost(error)


def certified(folder):
    """A context with a certificate for localhost, which is its own authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    shape = serialization.PrivateFormat.PKCS8
    (folder / "cert.pem").write_bytes(made.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(serialization.Encoding.PEM, shape, plain))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


@pytest.fixture
async def office():
    async with PostOffice() as open_one:
        yield open_one
