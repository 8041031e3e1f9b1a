"""`[gateway]` of `hanse.toml`: where the outside comes in, by which names, and how much of it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

import msgspec
from msgspec import Meta

from hanse.runtime.config.setting_value import WrongValueError, convert
from hanse.runtime.project.names import Port
from hanse.runtime.project.strict import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

TlsPort = Annotated[
    Annotated[int, Meta(ge=0, le=65_535)] | Literal["off"],
    Meta(description='a port is 0 to 65535 without quotes, 0 for any free one; "off" for no HTTPS'),
]
Redirect = Annotated[
    bool | Annotated[int, Meta(ge=1, le=65_535)],
    Meta(description="true, or the port at which the outside sees HTTPS, like 443"),
]
StrictSeconds = Annotated[
    int, Meta(ge=0, le=63_072_000, description="0 to 63072000 seconds, which is two years")
]
Domain = Annotated[
    str,
    Meta(
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]$",
        max_length=253,
        description='a domain is lower-case and without a port, like "shop.example"',
    ),
]
SiteName = Annotated[
    str,
    Meta(
        pattern=r"^[!-~]{1,200}$",
        description="a site is printable ASCII without spaces, 200 characters at most",
    ),
]
Rate = Annotated[
    int, Meta(ge=0, le=1_000_000, description="0 to 1000000 requests a second, 0 for no limit")
]
Burst = Annotated[int, Meta(ge=1, le=10_000_000, description="1 to 10000000 requests")]
Email = Annotated[
    str,
    Meta(
        pattern=r"^[!-?A-~]+@[!-?A-~]+$",
        max_length=254,
        description="an address of yours, like ops@shop.example",
    ),
]
HTTPS_PORT = 8443
"""Where HTTPS is found, if nothing is said and nobody else is there."""

FileName = Annotated[str, Meta(min_length=1, description='a file, like "authority/root.pem"')]
DirectoryUrl = Annotated[
    str,
    Meta(
        pattern=r"^(https://|http://(127\.0\.0\.1|localhost)[:/])[!-~]+$",
        description="the authority's directory is an https URL",
    ),
]


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """How much one caller may ask; beyond that the answer is 429 with Retry-After.

    Attributes:
        requests_per_second: In the long run; 0 for no limit.
        burst: At once, after a rest; None for twice that.
    """

    requests_per_second: Rate
    burst: Burst | None = None

    @property
    def at_once(self) -> int:
        """Requests at once, after a rest."""
        return self.burst or max(1, 2 * self.requests_per_second)


class LimitsTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[gateway.limits]`.

    Attributes:
        per_address: Of one client address.
        per_key: Of one token or API key, from wherever.
    """

    per_address: Limit = Limit(requests_per_second=100)
    per_key: Limit = Limit(requests_per_second=200)


class AcmeTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[gateway.acme]`: certificates for the domains, from an authority that browsers know.

    Attributes:
        email: Where the authority writes to before one ends.
        directory: Where the authority is asked; Let's Encrypt, if not said.
        root: File with the certificate of whoever vouches for the directory, PEM; None for those
            that every browser knows.
        terms_agreed: Whether you have read the authority's terms and agree.
    """

    email: Email
    directory: DirectoryUrl = "https://acme-v02.api.letsencrypt.org/directory"
    root: FileName | None = None
    terms_agreed: bool = False


class GatewayTable(msgspec.Struct, frozen=True, kw_only=True):
    """`[gateway]`: the door of `hanse up`; paths are relative to the project's folder.

    Attributes:
        address: Interface of both ports; "0.0.0.0" for all.
        port: Of HTTP.
        tls_port: Of HTTPS; None for `HTTPS_PORT`, or any free one where that is taken.
        redirect: Whether requests without TLS are answered with where HTTPS is; a port, if the
            outside sees HTTPS at another one than `tls_port`.
        strict_transport: Seconds for which browsers are to ask for a name by HTTPS alone (HSTS);
            said over TLS only, and never with a certificate of the development authority.
        certificate: File with the certificate and its chain, PEM; None for one of the development
            authority.
        key: File with its private key.
        domains: Which site is meant by a domain; any other name leads to the sites that
            credentials name.
        limits: What one caller may ask.
        acme: Who certifies the domains; None for the development authority.
    """

    address: str = "127.0.0.1"
    port: Port = 8080
    tls_port: TlsPort | None = None
    redirect: Redirect = False
    strict_transport: StrictSeconds = 0
    certificate: str | None = None
    key: str | None = None
    domains: Mapping[Domain, SiteName] = {}
    limits: LimitsTable = LimitsTable()
    acme: AcmeTable | None = None

    @property
    def has_tls(self) -> bool:
        """Whether there is a door with TLS at all."""
        return self.tls_port != "off"


def check_gateway(tables: dict[str, Any]) -> list[Finding]:
    """What is wrong with the gateway beside the form of its table.

    Args:
        tables: The file with the differences of one environment applied.
    """
    try:
        table: Any = convert(tables.get("gateway", {}), GatewayTable, strict=True)
    except WrongValueError:
        return []  # which is said where it stands
    found = [*_doors(table), *_certificates(table)]
    return [(("gateway", key), f"gateway.{key}: {said}.") for key, said in found]


def _doors(table: GatewayTable) -> Iterator[tuple[str, str]]:
    try:
        ipaddress.ip_address(table.address)
    except ValueError:
        yield "address", 'an IP address, like "127.0.0.1", or "0.0.0.0" for every interface'
    if table.port and table.port == table.tls_port:
        yield "tls_port", "HTTP has this port; give HTTPS another"
    if table.redirect and not table.has_tls:
        yield "redirect", 'there is no HTTPS to lead to while gateway.tls_port is "off"'


def _certificates(table: GatewayTable) -> Iterator[tuple[str, str]]:
    if (table.certificate is None) != (table.key is None):
        there, missing = ("key", "certificate") if table.key else ("certificate", "key")
        yield there, f"give gateway.{missing} too, or neither"
    if table.certificate is not None and table.tls_port == "off":
        yield "certificate", 'nobody sees it while gateway.tls_port is "off"'
    if table.strict_transport and not (table.certificate or table.acme):
        said = "browsers would be bound to a name of this machine"
        yield "strict_transport", f"{said}; give gateway.certificate and its key, or gateway.acme"
    acme = table.acme
    if acme is None:
        return
    if not acme.terms_agreed:
        yield "acme", "say terms_agreed = true once you have read the terms of the authority"
    if not table.domains:
        yield "acme", "list in [gateway.domains] what should be certified"
    if table.tls_port == "off":
        yield "acme", 'certificates are of no use while gateway.tls_port is "off"'
