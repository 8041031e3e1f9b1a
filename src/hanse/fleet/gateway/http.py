"""How bytes of a connection become requests: every bound, and what no client may say."""

from __future__ import annotations

from typing import Any

from hanse.fleet.gateway.access_log import access_log
from hanse.fleet.gateway.bootstrap import CONTROL
from hanse.fleet.gateway.rate_limits import rate_limits
from hanse.fleet.gateway.replies import local_reply_config
from hanse.fleet.gateway.routes import REDIRECTS, ROUTES
from hanse.fleet.gateway.settings import GatewaySettings

AT = "type.googleapis.com/envoy.extensions"

OURS = ("hanse-", "x-envoy-", "x-forwarded-")
"""Beginnings of headers that only hosts and gateways set."""

HEARSAY = ("forwarded", "x-real-ip", "true-client-ip", "proxy", "x-request-id")
"""Headers in which clients tell what only a gateway knows, or what libraries take for settings."""

REPEATED = "%CEL(request.method in ['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS'] ? 'reset' : '')%"
"""What else than `NEVER_RECEIVED` is sent again, for idempotent methods (RFC 9110, 9.2.2)."""

NOBODY = {"address_prefix": "255.255.255.255", "prefix_len": 32}
"""Whose requests count as Envoy's own and may steer it: no address there is."""


def http_filter(
    settings: GatewaySettings, *, tls: bool = False, strict_transport: int = 0
) -> dict[str, Any]:
    """The network filter of one chain.

    Args:
        settings: Bounds.
        tls: Whether the connection is encrypted.
        strict_transport: Seconds for which browsers are to remember that it always is. They do so
            for all ports of a name: said for `localhost`, it would break whatever else is there.
    """
    redirects = settings.redirect is not None and not tls
    return {
        "name": "envoy.filters.network.http_connection_manager",
        "typed_config": {
            "@type": f"{AT}.filters.network.http_connection_manager.v3.HttpConnectionManager",
            "stat_prefix": "https" if tls else "http",
            "codec_type": "AUTO",
            "rds": {
                "route_config_name": REDIRECTS if redirects else ROUTES,
                "config_source": {"ads": {}, "resource_api_version": "V3"},
            },
            **_bounds(settings),
            **_names(),
            **_paths(),
            "access_log": access_log(settings.access_log),
            "local_reply_config": local_reply_config(),
            "tracing": _tracing(),
            "http_filters": _filters(settings, strict_transport=strict_transport),
        },
    }


def _bounds(settings: GatewaySettings) -> dict[str, Any]:
    return {
        "max_request_headers_kb": max(1, settings.header_bytes // 1024),
        "request_headers_timeout": _seconds(settings.header_timeout),
        "request_timeout": _seconds(settings.body_timeout),
        "stream_idle_timeout": _seconds(settings.silence),
        "delayed_close_timeout": "1s",
        "common_http_protocol_options": {
            "idle_timeout": _seconds(settings.idle_timeout),
            "max_headers_count": settings.headers,
            # Some programs take `hanse_site` for `hanse-site`.
            "headers_with_underscores_action": "DROP_HEADER",
        },
        "http_protocol_options": {
            # RFC 9110, 7.8: who does not want to change the protocol may ignore the wish.
            "ignore_http_11_upgrade": [{"safe_regex": {"regex": ".*"}}],
        },
        "http2_protocol_options": {
            "max_concurrent_streams": settings.streams,
            "initial_stream_window_size": 64 * 1024,
            "initial_connection_window_size": 1024 * 1024,
        },
    }


def _names() -> dict[str, Any]:
    """Who the client is we see for ourselves; what it says of itself and of us is dropped."""
    mutations = [
        *({"remove_on_match": {"key_matcher": {"prefix": name}}} for name in OURS),
        *({"remove": name} for name in HEARSAY),
    ]
    return {
        "server_name": "hanse",
        "use_remote_address": True,
        "skip_xff_append": True,  # the routes set it: Envoy would name itself for the loopback
        "internal_address_config": {"cidr_ranges": [NOBODY]},
        "early_header_mutation_extensions": [
            {
                "name": "envoy.http.early_header_mutation.header_mutation",
                "typed_config": {
                    "@type": f"{AT}.http.early_header_mutation.header_mutation.v3.HeaderMutation",
                    "mutations": mutations,
                },
            }
        ],
    }


def _paths() -> dict[str, Any]:
    """Paths go on as they came: read twice, by two rules, is how filters are got round."""
    return {
        "normalize_path": False,
        "merge_slashes": False,
        "path_with_escaped_slashes_action": "KEEP_UNCHANGED",
    }


def _tracing() -> dict[str, Any]:
    """A trace of its own for every request that brings none, sent on to the host as traceparent.

    The log and the pages of errors name it. Envoy's own spans are never kept: its tracer wants to
    know where they would go, and the sampler that takes none is asked even when a client says
    that its trace is recorded.
    """
    sampler = f"{AT}.tracers.opentelemetry.samplers.v3.TraceIdRatioBasedSamplerConfig"
    return {
        "random_sampling": {"value": 0},
        "provider": {
            "name": "envoy.tracers.opentelemetry",
            "typed_config": {
                "@type": "type.googleapis.com/envoy.config.trace.v3.OpenTelemetryConfig",
                "service_name": "gateway",
                "grpc_service": {"envoy_grpc": {"cluster_name": CONTROL}},
                "sampler": {
                    "name": "envoy.tracers.opentelemetry.samplers.trace_id_ratio_based",
                    "typed_config": {"@type": sampler, "sampling_percentage": {"numerator": 0}},
                },
            },
        },
    }


def _filters(settings: GatewaySettings, *, strict_transport: int) -> list[dict[str, Any]]:
    router = {
        "name": "envoy.filters.http.router",
        "typed_config": {
            "@type": f"{AT}.filters.http.router.v3.Router",
            "suppress_envoy_headers": True,
        },
    }
    promise = [_strict_transport(strict_transport)] if strict_transport else []
    return [*promise, *rate_limits(settings), _repeats(), router]


def _repeats() -> dict[str, Any]:
    """Lets be sent again what a host may have seen, if its method says that this does no harm.

    By a header that the router takes out again, rather than by two routes to each service: a table
    of 3,000 services is a third as long, and Envoy reads it in a second instead of nine.
    """
    return _header_mutation("repeats", "request_mutations", "x-envoy-retry-on", REPEATED)


def _strict_transport(seconds: int) -> dict[str, Any]:
    name, value = "strict-transport-security", f"max-age={seconds}"
    return _header_mutation("strict_transport", "response_mutations", name, value)


def _header_mutation(name: str, when: str, key: str, value: str) -> dict[str, Any]:
    """A filter that sets one header; none if the value comes out empty."""
    header = {"key": key, "value": value}
    mutation = {"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
    return {
        "name": f"hanse.{name}",
        "typed_config": {
            "@type": f"{AT}.filters.http.header_mutation.v3.HeaderMutation",
            "mutations": {when: [mutation]},
        },
    }


def _seconds(value: float) -> str:
    return f"{value:.3f}s"
