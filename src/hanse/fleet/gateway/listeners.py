"""Where the gateway listens: HTTP, and HTTPS with a certificate for each name that has one."""

from __future__ import annotations

from typing import Any

from hanse.fleet.gateway.http import http_filter
from hanse.fleet.gateway.picture import Certificate, Domain, Picture
from hanse.fleet.gateway.settings import GatewaySettings

OWN = "hanse.certificate"
"""Name of the gateway's own certificate; a domain's has the name of the domain."""

BUFFER_BYTES = 256 * 1024
HANDSHAKE_SECONDS = 10


def certificates(picture: Picture, settings: GatewaySettings) -> dict[str, dict[str, Any]]:
    """What is shown, by name; apart from the listeners, so that a renewal closes no connection."""
    if settings.tls_port is None:
        return {}
    given = {domain.name: domain.certificate for domain in picture.domains}
    given[OWN] = picture.certificate
    return {name: _secret(name, one) for name, one in given.items() if one is not None}


def listeners(picture: Picture, settings: GatewaySettings) -> dict[str, dict[str, Any]]:
    """The open ports, by name; HTTPS only if there is anything to show."""
    plain = {"filters": [http_filter(settings)]}
    found = {"http": _listener("http", settings, settings.port) | {"filter_chains": [plain]}}
    chains = _tls_chains(picture, settings)
    if settings.tls_port is not None and chains:
        found["https"] = _listener("https", settings, settings.tls_port) | {
            "listener_filters": [_inspector()],
            "listener_filters_timeout": f"{HANDSHAKE_SECONDS}s",
            "filter_chains": chains,
        }
    return found


def _tls_chains(picture: Picture, settings: GatewaySettings) -> list[dict[str, Any]]:
    """One for each domain with a certificate of its own, and one for everybody else."""
    chains = [_domain_chain(one, settings) for one in picture.domains if one.certificate]
    if picture.certificate is not None:
        strict = settings.strict_transport if settings.own_files else 0
        chains.append({
            "name": OWN,
            "filters": [http_filter(settings, tls=True, strict_transport=strict)],
            **_transport(OWN),
        })  # fmt: skip
    return chains


def _domain_chain(domain: Domain, settings: GatewaySettings) -> dict[str, Any]:
    return {
        "name": domain.name,
        "filter_chain_match": {"server_names": [domain.name]},
        "filters": [http_filter(settings, tls=True, strict_transport=settings.strict_transport)],
        **_transport(domain.name),
    }


def _listener(name: str, settings: GatewaySettings, port: int) -> dict[str, Any]:
    return {
        "name": name,
        "address": {"socket_address": {"address": settings.address, "port_value": port}},
        # With it a second gateway would share the port in silence, and take half of its requests.
        "enable_reuse_port": False,
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
    }


def _inspector() -> dict[str, Any]:
    at = "type.googleapis.com/envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector"
    return {"name": "envoy.filters.listener.tls_inspector", "typed_config": {"@type": at}}


def _transport(certificate: str) -> dict[str, Any]:
    source: dict[str, Any] = {"ads": {}, "resource_api_version": "V3"}
    at = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext"
    return {
        "transport_socket_connect_timeout": f"{HANDSHAKE_SECONDS}s",
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": at,
                "common_tls_context": {
                    "tls_params": {"tls_minimum_protocol_version": "TLSv1_2"},
                    "alpn_protocols": ["h2", "http/1.1"],
                    "tls_certificate_sds_secret_configs": [
                        {"name": certificate, "sds_config": source}
                    ],
                },
            },
        },
    }


def _secret(name: str, certificate: Certificate) -> dict[str, Any]:
    return {
        "name": name,
        "tls_certificate": {
            "certificate_chain": {"inline_string": certificate.chain},
            "private_key": {"inline_string": certificate.key},
        },
    }
