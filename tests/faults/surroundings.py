"""What a test does to what a fleet stands on: its disk, its certificates, its clock."""

import os
import socket
import ssl
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from hanse.runtime.config.installed import find_postgres
from tests.end_to_end.fleet import Fleet

NOW = '''"""The process that answers."""
        return os.getpid()

    @rpc("GET /echo/v1/now", allow=PUBLIC)
    async def now(self) -> float:
        """The time, as its process has it."""
        import time

        return time.time()

    async def other(self) -> int:
        """Only ends what was begun."""'''
CLOCK = """
import time
from datetime import UTC, datetime
from pathlib import Path

FILE, REAL = Path(__file__).with_name("offset"), time.time


def shifted():
    return REAL() + (float(FILE.read_text() or 0) if FILE.exists() else 0)


time.time = shifted
time.time_ns = lambda: int(shifted() * 1e9)

import hanse.kit.clock as kit

kit.SystemClock.now = lambda self: datetime.fromtimestamp(shifted(), UTC)
"""


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[None]:
    """A small disk of its own, which is gone afterwards, whoever still has it open."""
    folder.mkdir(exist_ok=True)
    subprocess.run(
        ("mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0700", "hanse-test", folder),
        check=True,
    )
    try:
        yield
    finally:
        subprocess.run(("umount", "-l", folder), check=True)


def fill(file: Path) -> None:
    """Leaves not one free block."""
    free = os.statvfs(file.parent)
    with file.open("wb", buffering=0) as ballast, suppress(OSError):
        os.posix_fallocate(ballast.fileno(), 0, free.f_bavail * free.f_frsize)
        while True:
            ballast.write(b"x" * 4096)


def write_ahead(made: Fleet) -> str:
    """Has the database write down more than fits into what it keeps ready for that; what it says."""
    with tempfile.TemporaryDirectory(
        dir="/tmp"
    ) as short:  # psql wants a whole path, and a short one
        link = Path(short, "s")
        link.symlink_to(made.folder / ".hanse/up/postgres")
        words = "select pg_logical_emit_message(false, 'much', repeat('x', 8000000))"
        command = (find_postgres().folder / "psql", "-XAtq", "-h", link, "-U", "hanse", "-c", words)
        environment = os.environ | {"PGDATABASE": "postgres"}
        done = subprocess.run(
            command, env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        return done.stderr


def issue(made: Fleet, seconds: float) -> int:
    """Writes a certificate that counts so long from now, as renewing programs do; its number."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    number = x509.random_serial_number()
    built = x509.CertificateBuilder(name, name, key.public_key(), number)
    built = built.not_valid_before(now - timedelta(days=1)).not_valid_after(
        now + timedelta(seconds=seconds)
    )
    built = built.add_extension(
        x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
    )
    made.write("tls/chain.pem", built.sign(key, SHA256()).public_bytes(Encoding.PEM).decode())
    made.write(
        "tls/key.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    )
    return number


def shown(url: str) -> int | None:
    """The number of the certificate a door shows; None if it shows none."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    place = urlsplit(url)
    with (
        suppress(OSError),
        socket.create_connection(("127.0.0.1", place.port or 443), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname="localhost") as secure,
    ):
        return x509.load_der_x509_certificate(secure.getpeercert(True) or b"").serial_number
    return None
