"""How many requests an address, or whoever shows a key, may send: a token bucket for each."""

from __future__ import annotations

from typing import Any

from hanse.fleet.gateway.settings import GatewaySettings, Limit

ENDLESS = 4_000_000_000
"""The filter wants a bucket for what has none of its own; this one never runs out."""

NETWORK_BITS = 64
"""Of IPv6: whoever has one address there has all of its network."""


def rate_limits(settings: GatewaySettings) -> list[dict[str, Any]]:
    """The filter, in a list to be put before others; empty where no limit is wanted."""
    address = {"masked_remote_address": {"v6_prefix_mask_len": NETWORK_BITS}}
    key = {
        "request_headers": {
            "header_name": "authorization",
            "descriptor_key": "key",
            "skip_if_absent": True,
        }
    }
    wanted = [
        ("masked_remote_address", address, settings.per_address),
        ("key", key, settings.per_key),
    ]
    given = [one for one in wanted if one[2].per_second]
    if not given:
        return []
    return [
        {
            "name": "hanse.rate_limits",
            "typed_config": {
                "@type": "type.googleapis.com/"
                "envoy.extensions.filters.http.local_ratelimit.v3.LocalRateLimit",
                "stat_prefix": "gateway",
                **_everybody(),
                "rate_limits": [{"actions": [action]} for _, action, _ in given],
                "descriptors": [_descriptor(name, limit) for name, _, limit in given],
                "max_dynamic_descriptors": settings.buckets,
                # Without a limit per address most requests have none: nothing is to be told.
                "enable_x_ratelimit_headers": "DRAFT_VERSION_03"
                if settings.per_address.per_second
                else "OFF",
            },
        }
    ]


def _everybody() -> dict[str, Any]:
    always = {"default_value": {"numerator": 100, "denominator": "HUNDRED"}}
    return {
        "filter_enabled": always,
        "filter_enforced": always,
        "token_bucket": _bucket(Limit(ENDLESS, ENDLESS)),
        "always_consume_default_token_bucket": False,
    }


def _descriptor(name: str, limit: Limit) -> dict[str, Any]:
    """One without a value gives each value that comes a bucket of its own."""
    return {"entries": [{"key": name}], "token_bucket": _bucket(limit)}


def _bucket(limit: Limit) -> dict[str, Any]:
    return {
        "max_tokens": limit.burst,
        "tokens_per_fill": limit.per_second,
        "fill_interval": "1s",
    }
