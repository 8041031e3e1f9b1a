"""A project with regions and identities in a folder, and certificates that nobody should believe."""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA256

from hanse.fleet.certificates.draft import extended
from hanse.fleet.certificates.pair import Pair, to_bytes
from hanse.fleet.identity.kept import AUTHORITY, TRUSTED, keep, kept
from hanse.fleet.identity.project_authority import ProjectAuthority
from hanse.fleet.identity.region_identity import LEAF_LIFE, RegionIdentity
from hanse.fleet.identity.signing import found_region, sign_leaf
from hanse.runtime.mutual.identity import Identity, Role
from hanse.runtime.mutual.tls import Tls

HOUR = timedelta(hours=1)


def now() -> datetime:
    """OpenSSL looks at the real clock."""
    return datetime.now(UTC).replace(microsecond=0)


class Realm:
    """One project; `issue` gives an honest identity."""

    def __init__(self, folder: Path, project: str = "shop", at: datetime | None = None) -> None:
        self.folder = folder
        self.project = project
        self.authority = ProjectAuthority(folder / "authority", project)
        for region in ("r1", "r2"):
            self.entrust(region, at)

    def entrust(self, region: str, at: datetime | None = None) -> bool:
        return self.authority.entrust(region, self.folder / region, at or now())

    def region(self, region: str = "r1", life: timedelta = LEAF_LIFE) -> RegionIdentity:
        return RegionIdentity(self.folder / region, self.project, region, life=life)

    def issue(self, role: Role = "host", name: str = "r1.desk-1", region: str = "r1") -> Tls:
        return self.region(region).issue(role, name if role == "host" else "", now=now())

    def exchange(self, name: str) -> None:
        """Another certificate with another key for a host, long before it would be due."""
        file = self.folder / "r1" / f"host-{name}.pem"
        before = file.read_bytes()
        identity = self._identity(name=name)
        keep(file, sign_leaf(identity, (), self.signing(), now(), now() + HOUR))
        assert file.read_bytes() != before

    def forget(self, role: str) -> None:
        """Whoever is issued this one next has a new certificate."""
        (self.folder / "r1" / f"{role}.pem").unlink()

    def damage(self, host: str) -> None:
        (self.folder / "r1" / f"host-{host}.pem").write_text("half a fi")

    def replace(self, before: "Realm", *hosts: str) -> None:
        """Has hosts of a project be of this one, under another root."""
        for name in hosts:
            issued = self.issue(name=name)
            (before.folder / "r1" / f"host-{name}.pem").write_bytes(Path(issued.key).read_bytes())
        (before.folder / "r1" / TRUSTED).write_bytes((self.folder / "r1" / TRUSTED).read_bytes())

    def signing(self, region: str = "r1") -> Pair:
        """A region's authority, as its thief has it."""
        found = kept(self.folder / region / AUTHORITY)
        assert found is not None
        return found

    def root(self) -> Pair:
        found = kept(self.folder / "authority" / "root.pem")
        assert found is not None
        return found

    def forged(self, kind: str) -> Tls:
        """What somebody has who is no host of ours, and shows anyway."""
        identity, begins, ends = self._identity(), now() - HOUR, now() + HOUR
        own = self.signing()
        if kind == "expired":
            return self._shown(sign_leaf(identity, (), own, begins, now() - HOUR / 2))
        if kind == "not yet":
            return self._shown(sign_leaf(identity, (), own, now() + HOUR / 2, ends))
        if kind == "of a host's key":
            host = sign_leaf(identity, (), own, begins, ends)
            below = sign_leaf(identity, (), host, begins, ends)
            return self._shown(Pair((*below.chain, own.leaf), below.key))
        if kind == "of the root":
            return self._shown(sign_leaf(identity, (), self.root(), begins, ends))
        if kind == "of another region":
            return self._shown(sign_leaf(identity, (), self.signing("r2"), begins, ends))
        if kind == "of an authority below a region's":
            below = found_region(self.project, "r2", own, begins, 2 * HOUR)
            leaf = sign_leaf(self._identity(region="r2"), (), below, begins, ends)
            return self._shown(Pair((*leaf.chain, own.leaf), leaf.key))
        if kind == "a broker":
            return self._shown(
                sign_leaf(self._identity(role="broker", name=""), (), own, begins, ends)
            )
        if kind == "of another trust domain":
            other = found_region("other", "r1", self.root(), begins, 2 * HOUR)
            return self._shown(sign_leaf(self._identity(domain="other"), (), other, begins, ends))
        if kind == "of nobody":
            return self._shown(_without_uri(own, begins, ends))
        raise AssertionError(kind)

    def _identity(self, **other: Any) -> Identity:
        honest: dict[str, Any] = {"domain": self.project, "region": "r1", "role": "host"}
        return Identity(**{**honest, "name": "r1.x-1", **other})

    def _shown(self, pair: Pair) -> Tls:
        file = self.folder / "forged.pem"
        file.write_bytes(to_bytes(pair))
        return Tls(str(file), str(file), str(self.folder / "r1" / TRUSTED), self.project)


FORGED = (
    "expired",
    "not yet",
    "of a host's key",
    "of the root",
    "of another region",
    "of an authority below a region's",
    "a broker",
    "of another trust domain",
    "of nobody",
)


def _without_uri(authority: Pair, begins: datetime, ends: datetime) -> Pair:
    """Names a host as servers of pages do, and no process of a fleet."""
    leaf = sign_leaf(Identity("shop", "r1", "host", "r1.x-1"), (), authority, begins, ends)
    draft = x509.CertificateBuilder(
        issuer_name=leaf.leaf.issuer, subject_name=leaf.leaf.subject, public_key=leaf.leaf.public_key(),
        serial_number=x509.random_serial_number(), not_valid_before=begins, not_valid_after=ends,
    )  # fmt: skip
    names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
    draft = extended(draft.add_extension(names, critical=False), leaf.key, authority.key)
    return Pair((draft.sign(authority.key, SHA256()), authority.leaf), leaf.key)


def calling(tls: Tls) -> ssl.SSLContext:
    """A client that shows it, and does not care who answers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.load_cert_chain(tls.certificate, tls.key)
    return context
