"""Hosts of other regions, as the gateway reaches them: over mutual TLS, and after its own."""

from __future__ import annotations

import re
from typing import Any

from hanse.fleet.gateway.picture import RegionalIdentity

IDENTITY = "hanse.identity"
"""Name of the gateway's own certificate for hosts."""

TRUSTED = "hanse.trusted"
"""Name of what it trusts of theirs."""

MATCH = "envoy.transport_socket_match"
"""Where an endpoint says by what it is reached."""

MUTUAL = "mutual"
"""What an endpoint of another region says there."""

LOCAL_FIRST = 10_000
"""Of the share of hosts that answer, in per cent: while one in a hundred does, it gets all."""


def secrets(identity: RegionalIdentity | None) -> dict[str, dict[str, Any]]:
    """Certificate and roots by name; apart from clusters, so that a renewal is some kilobytes."""
    if identity is None:
        return {}
    own = {
        "certificate_chain": {"inline_string": identity.certificate.chain},
        "private_key": {"inline_string": identity.certificate.key},
    }
    trusted = {"trusted_ca": {"inline_string": identity.trusted}}
    return {
        IDENTITY: {"name": IDENTITY, "tls_certificate": own},
        TRUSTED: {"name": TRUSTED, "validation_context": trusted},
    }


def transport(trust_domain: str) -> dict[str, Any]:
    """How a cluster connects to its hosts elsewhere; to the others as if there were none."""
    at = "type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext"
    versions = {
        "tls_minimum_protocol_version": "TLSv1_3",
        "tls_maximum_protocol_version": "TLSv1_3",
    }
    mutual = {
        "name": MUTUAL,
        "match": {MUTUAL: True},
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": at,
                "common_tls_context": {
                    "tls_params": versions,
                    "tls_certificate_sds_secret_configs": [_told(IDENTITY)],
                    "combined_validation_context": {
                        "default_validation_context": _only_hosts(trust_domain),
                        "validation_context_sds_secret_config": _told(TRUSTED),
                    },
                },
                # Each connection shows a certificate that counts then.
                "max_session_keys": 0,
            },
        },
    }
    return {"transport_socket_matches": [mutual]}


def retry_priority() -> dict[str, Any]:
    """The next attempt goes to a level that has not been tried: elsewhere, after the first."""
    at = "type.googleapis.com/envoy.extensions.retry.priority.previous_priorities.v3"
    return {
        "retry_priority": {
            "name": "envoy.retry_priorities.previous_priorities",
            "typed_config": {"@type": f"{at}.PreviousPrioritiesConfig", "update_frequency": 1},
        }
    }


def _told(name: str) -> dict[str, Any]:
    return {"name": name, "sds_config": {"ads": {}, "resource_api_version": "V3"}}


def _only_hosts(trust_domain: str) -> dict[str, Any]:
    regex = rf"spiffe://{re.escape(trust_domain)}/[^/]+/host/[^/]+"
    return {
        "match_typed_subject_alt_names": [
            {"san_type": "URI", "matcher": {"safe_regex": {"regex": regex}}}
        ]
    }
