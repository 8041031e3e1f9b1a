"""A service as Envoy's cluster: how it is connected to, how much of it, and who is set aside."""

from __future__ import annotations

from typing import Any

from hanse.fleet.gateway.regions import transport
from hanse.fleet.gateway.settings import GatewaySettings

IDLE_SECONDS = 60
"""Below the 75 s after which a host closes, so that no request meets a closing connection."""

BUFFER_BYTES = 256 * 1024
"""Of a body, so that it can be sent again; with a longer one a request is not repeated."""

RETRIES_MIN = 256
"""Requests that may wait for their next attempt at once, whatever runs beside them.

Only what was never answered is attempted again, so retries do not multiply the load of hosts that
are slow; and while the only host of a service comes back, all of its requests wait here."""


def cluster(service: str, settings: GatewaySettings, trust_domain: str = "") -> dict[str, Any]:
    """The cluster of a service; where its hosts are comes apart from it (EDS).

    Args:
        service: Its name.
        settings: Bounds.
        trust_domain: Whose hosts may be reached in other regions; empty where there are none.
    """
    return {
        **(transport(trust_domain) if trust_domain else {}),
        "name": service,
        "type": "EDS",
        "eds_cluster_config": {
            "eds_config": {
                "ads": {},
                "resource_api_version": "V3",
                # A cluster waits for its assignment, and the answer to all of CDS with it.
                "initial_fetch_timeout": "1s",
            }
        },
        "connect_timeout": "1s",
        "lb_policy": "LEAST_REQUEST",
        "per_connection_buffer_limit_bytes": BUFFER_BYTES,
        "circuit_breakers": {"thresholds": [_thresholds(settings)]},
        "outlier_detection": _outlier_detection(),
        "common_lb_config": {
            # Rather none than one that is known not to answer.
            "healthy_panic_threshold": {"value": 0},
            # By default the rest of a host is known a second late, if another change was just made.
            "update_merge_window": "0s",
        },
        "ignore_health_on_host_removal": True,
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": _http(),
        },
    }


def _thresholds(settings: GatewaySettings) -> dict[str, Any]:
    most = settings.requests
    return {
        # Never what holds a request back: that would wait for a connection, instead of being told.
        "max_connections": 2 * most,
        "max_pending_requests": most,
        "max_requests": most,
        "retry_budget": {
            "budget_percent": {"value": 20},
            "min_retry_concurrency": RETRIES_MIN,
        },
    }


def _outlier_detection() -> dict[str, Any]:
    """Who does not answer twice in a row rests for a moment; what is answered never counts.

    Hosts come back in half a second: a longer rest would keep one away that is well, just when
    another one dies.

    At most half of the hosts rest, so the only one of a service never does: then its requests wait
    for their next attempt instead of being refused while it starts again.
    """
    return {
        "split_external_local_origin_errors": True,
        "consecutive_local_origin_failure": 2,
        "enforcing_consecutive_local_origin_failure": 100,
        "enforcing_local_origin_success_rate": 0,
        "enforcing_consecutive_5xx": 0,
        "enforcing_consecutive_gateway_failure": 0,
        "enforcing_success_rate": 0,
        "interval": "0.25s",
        "base_ejection_time": "0.25s",
        "max_ejection_time": "0.5s",
        "max_ejection_percent": 50,
    }


def _http() -> dict[str, Any]:
    return {
        "@type": "type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "common_http_protocol_options": {"idle_timeout": f"{IDLE_SECONDS}s"},
        "explicit_http_config": {"http_protocol_options": {}},
    }
