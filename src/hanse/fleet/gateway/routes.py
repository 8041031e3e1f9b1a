"""Which service a path goes to, found by its first segment alone however many services there are.

Envoy looks at a list of routes one after the other; an exact map and a trie of prefixes it looks up
in one step, so the last of 3,000 services is as fast as the first.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hanse.fleet.gateway.picture import Domain, Picture, Upstream
from hanse.fleet.gateway.regions import retry_priority
from hanse.fleet.gateway.settings import GatewaySettings
from hanse.fleet.gateway.shares import SHARES, WHOLE, parts_of

ROUTES = "hanse"
"""Name of the table of routes."""

REDIRECTS = "hanse.redirects"
"""Name of the table for plain requests, where those are led to HTTPS."""

HTTPS_PORT = 443
"""The one that no URL has to name."""

WITHOUT_PORT = r"[^:]*|\[.*\]"
"""How a `Host` looks that names no port."""

ANY = "*"
SITE_HEADER = "hanse-site"
CLIENT = "%DOWNSTREAM_DIRECT_REMOTE_ADDRESS_WITHOUT_PORT%"
CHALLENGES = "/.well-known/acme-challenge/"

NEVER_RECEIVED = "connect-failure,refused-stream,reset-before-request"
"""What may be sent again whatever it is: no host has seen it."""

RETRIES = 10
"""With the pauses below they last for about two seconds: longer than a host needs to come back."""

SELECTIONS = 32
"""Tries to find a host that was not asked before. Two hosts are drawn, and the one with less to do
is asked; one that is gone has the least, so of two every fourth draw finds the other."""


def segments(upstreams: Iterable[Upstream]) -> dict[str, str]:
    """The service of each first segment.

    Raises:
        ValueError: Two services want the same.
    """
    owners: dict[str, str] = {}
    for upstream in upstreams:
        for segment in upstream.segments:
            owner = owners.setdefault(segment, upstream.service)
            if owner != upstream.service:
                raise ValueError(
                    f"{owner} and {upstream.service} both answer paths below /{segment}; "
                    "a first segment belongs to one service. Rename one of them."
                )
    return owners


def route_tables(picture: Picture, settings: GatewaySettings) -> list[dict[str, Any]]:
    """All there are: the one of services, and where plain requests are led away, one for those.

    Raises:
        ValueError: Two services want the same first segment.
    """
    if settings.redirect is None:
        return [route_table(picture)]
    return [route_table(picture), redirect_table(picture, settings.redirect)]


def route_table(picture: Picture) -> dict[str, Any]:
    """All virtual hosts: one for any name, and one for each domain of a site.

    Services stand in it by name; `service_route` is what each name means.

    Raises:
        ValueError: Two services want the same first segment.
    """
    matcher = _matcher(picture)
    return _table(ROUTES, picture, dict.fromkeys(_names(picture), matcher))


def redirect_table(picture: Picture, port: int) -> dict[str, Any]:
    """The same for plain requests: each name for which HTTPS has a certificate leads there.

    Args:
        picture: Of now.
        port: Of HTTPS, as the outside sees it.

    Raises:
        ValueError: Two services want the same first segment.
    """
    redirects = {"routes": [*_challenge_routes(picture), *_redirects(port)]}
    any_name = picture.certificate is not None
    shown = {
        one.name: bool(one.certificate) or (any_name and not one.waits) for one in picture.domains
    }
    shown[ANY] = any_name
    matcher = {} if all(shown.values()) else _matcher(picture)
    return _table(
        REDIRECTS, picture, {name: redirects if shown[name] else matcher for name in shown}
    )


def _names(picture: Picture) -> list[str]:
    return [*(domain.name for domain in picture.domains), ANY]


def _table(name: str, picture: Picture, found_by: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """A table in which each name has its own way to find what answers."""
    rest = {"retry_policy": _retry_policy(NEVER_RECEIVED, regions=picture.identity is not None)}
    return {
        "name": name,
        "ignore_port_in_host_matching": True,
        "request_headers_to_add": [_header("x-forwarded-for", CLIENT)],
        "request_headers_to_remove": ["x-envoy-internal", "x-envoy-external-address"],
        "virtual_hosts": [
            *(_site_host(domain, rest | found_by[domain.name]) for domain in picture.domains),
            _virtual_host(ANY, ANY, rest | found_by[ANY]),
        ],
    }


def _site_host(domain: Domain, rest: dict[str, Any]) -> dict[str, Any]:
    return _virtual_host(domain.name, domain.name, rest) | {
        "request_headers_to_add": [_header(SITE_HEADER, domain.site.replace("%", "%%"))]
    }


def _header(key: str, value: str) -> dict[str, Any]:
    header = {"key": key, "value": value}
    return {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}


def _virtual_host(name: str, domain: str, rest: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "domains": [domain], **rest}


def _matcher(picture: Picture) -> dict[str, Any]:
    """First the whole path, then its beginning up to where the first segment ends.

    Empty where there is nothing to find: Envoy wants a map to have an entry.
    """
    exact = {CHALLENGES + token: _challenge(answer) for token, answer in picture.challenges}
    prefixes: dict[str, Any] = {}
    for segment, service in segments(picture.upstreams).items():
        # By name alone: what it means is the same for all of them, see `service_route`.
        routes = {"action": {"name": service}}
        exact[f"/{segment}"] = routes
        prefixes[f"/{segment}?"] = routes
        if segment:
            prefixes[f"/{segment}/"] = routes
    if not exact:
        return {}
    found = {"matcher": _tree("exact_match_map", exact)}
    if prefixes:
        found["matcher"]["on_no_match"] = {"matcher": _tree("prefix_match_map", prefixes)}
    return found


def _tree(kind: str, entries: dict[str, Any]) -> dict[str, Any]:
    path = {
        "@type": "type.googleapis.com/envoy.type.matcher.v3.HttpRequestHeaderMatchInput",
        "header_name": ":path",
    }
    return {
        "matcher_tree": {
            "input": {"name": "path", "typed_config": path},
            kind: {"map": entries},
        }
    }


def service_route(service: str) -> dict[str, Any]:
    """The route to a service, for any method; which may be repeated how is said elsewhere."""
    clusters = [
        {"name": service, "weight": WHOLE},
        *({"name": part, "weight": 0} for part in parts_of(service)),
    ]
    # Whether an answer is a stream is not known beforehand; hosts hold the deadlines of calls.
    return {
        "match": {"prefix": "/"},
        "route": {
            "weighted_clusters": {"clusters": clusters, "runtime_key_prefix": SHARES},
            "timeout": "0s",
        },
    }


def _retry_policy(conditions: str, *, regions: bool) -> dict[str, Any]:
    at = "type.googleapis.com/envoy.extensions.retry.host.previous_hosts.v3"
    return {
        **(retry_priority() if regions else {}),
        "retry_on": conditions,
        "num_retries": RETRIES,
        "retry_back_off": {"base_interval": "0.05s", "max_interval": "0.5s"},
        "retry_host_predicate": [
            {
                "name": "envoy.retry_host_predicates.previous_hosts",
                "typed_config": {"@type": f"{at}.PreviousHostsPredicate"},
            }
        ],
        "host_selection_retry_max_attempts": SELECTIONS,
    }


def _challenge_routes(picture: Picture) -> list[dict[str, Any]]:
    """A list, for there are few at a time."""
    return [
        {"match": {"path": CHALLENGES + token}, **_said(answer)}
        for token, answer in picture.challenges
    ]


def _redirects(port: int) -> list[dict[str, Any]]:
    """To the name that was asked for, with the port of HTTPS unless nobody has to name it."""
    plain = {"https_redirect": True, "response_code": "PERMANENT_REDIRECT"}
    # Kept by a browser, it would outlive the setting; for that there is strict_transport.
    never = {"response_headers_to_add": [_header("cache-control", "no-store")]}
    unnamed = {"name": ":authority", "string_match": {"safe_regex": {"regex": WITHOUT_PORT}}}
    bare = {"match": {"prefix": "/", "headers": [unnamed]}, "redirect": plain, **never}
    to_port = {**plain, "port_redirect": port}
    rest = {"match": {"prefix": "/"}, "redirect": to_port, **never}
    return [bare, rest] if port == HTTPS_PORT else [rest]


def _challenge(answer: str) -> dict[str, Any]:
    route = {
        "@type": "type.googleapis.com/envoy.config.route.v3.Route",
        "match": {"prefix": "/"},
        **_said(answer),
    }
    return {"action": {"name": "challenge", "typed_config": route}}


def _said(text: str) -> dict[str, Any]:
    return {"direct_response": {"status": 200, "body": {"inline_string": text}}}
