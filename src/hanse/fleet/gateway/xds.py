"""The only place that knows protobuf: resources and messages of Envoy's discovery as bytes."""

# The classes of xds-protos are made when it is imported, so none has a type.
# pyright: basic

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

from google.protobuf.descriptor_pool import Default
from google.protobuf.json_format import ParseDict
from google.protobuf.message_factory import GetMessageClass

from hanse.fleet.gateway.picture import Endpoint
from hanse.fleet.gateway.regions import LOCAL_FIRST, MATCH, MUTUAL
from hanse.fleet.gateway.shares import parts_of

MODULES = (
    "config.cluster.v3.cluster",
    "config.endpoint.v3.endpoint",
    "config.listener.v3.listener",
    "config.route.v3.route",
    "config.trace.v3.opentelemetry",
    "extensions.access_loggers.file.v3.file",
    "extensions.filters.http.header_mutation.v3.header_mutation",
    "extensions.filters.http.local_ratelimit.v3.local_rate_limit",
    "extensions.filters.http.router.v3.router",
    "extensions.filters.listener.tls_inspector.v3.tls_inspector",
    "extensions.filters.network.http_connection_manager.v3.http_connection_manager",
    "extensions.http.early_header_mutation.header_mutation.v3.header_mutation",
    "extensions.retry.host.previous_hosts.v3.previous_hosts",
    "extensions.retry.priority.previous_priorities.v3.previous_priorities_config",
    "extensions.tracers.opentelemetry.samplers.v3.trace_id_ratio_based_sampler",
    "extensions.transport_sockets.tls.v3.secret",
    "extensions.transport_sockets.tls.v3.tls",
    "extensions.upstreams.http.v3.http_protocol_options",
    "service.discovery.v3.discovery",
    "service.runtime.v3.rtds",
    "type.matcher.v3.http_inputs",
)
"""Importing one makes its messages known by name, here and to whoever reads an `Any`."""

for _module in MODULES:
    import_module(f"envoy.{_module}_pb2")


def _message(name: str) -> Any:
    return GetMessageClass(Default().FindMessageTypeByName(name))


_Cluster = _message("envoy.config.cluster.v3.Cluster")
_Assignment = _message("envoy.config.endpoint.v3.ClusterLoadAssignment")
_Secret = _message("envoy.extensions.transport_sockets.tls.v3.Secret")
_Listener = _message("envoy.config.listener.v3.Listener")
_RouteTable = _message("envoy.config.route.v3.RouteConfiguration")
_Route = _message("envoy.config.route.v3.Route")
_Runtime = _message("envoy.service.runtime.v3.Runtime")
_Any = _message("google.protobuf.Any")
_Request = _message("envoy.service.discovery.v3.DeltaDiscoveryRequest")
_Response = _message("envoy.service.discovery.v3.DeltaDiscoveryResponse")
_DRAINING = 3  # envoy.config.core.v3.HealthStatus

AT = "type.googleapis.com/"
CLUSTERS: str = AT + _Cluster.DESCRIPTOR.full_name
ASSIGNMENTS: str = AT + _Assignment.DESCRIPTOR.full_name
SECRETS: str = AT + _Secret.DESCRIPTOR.full_name
LISTENERS: str = AT + _Listener.DESCRIPTOR.full_name
ROUTES: str = AT + _RouteTable.DESCRIPTOR.full_name
RUNTIME: str = AT + _Runtime.DESCRIPTOR.full_name

WORDS_MAX = 2000
_DUMP = re.compile(r"goo\.gle/debug.*?\n: ", re.DOTALL)

METHOD = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"

_MESSAGES = {
    SECRETS: _Secret,
    LISTENERS: _Listener,
}


class Resource(NamedTuple):
    """One thing Envoy is told, by its name and type.

    Attributes:
        version: Hash of the content: the same for the same, in whichever process it was made.
        body: The message.
        seconds: After which Envoy forgets it by itself; 0 for never.
    """

    version: str
    body: bytes
    seconds: float = 0.0


class Ask(NamedTuple):
    """What an Envoy says: what it wants, what it has, or what it thinks of what it got.

    Attributes:
        type: Of the resources it speaks of.
        nonce: Of the answer it is about; empty for none.
        error: Why it does not take that answer; empty if it does.
        subscribe: Names it wants from now on; `*` for all.
        unsubscribe: Names it wants no longer.
        held: Versions by name, from a stream before this one.
    """

    type: str
    nonce: str
    error: str
    subscribe: tuple[str, ...]
    unsubscribe: tuple[str, ...]
    held: dict[str, str]


class Answer(NamedTuple):
    """What an Envoy is told in one message.

    Attributes:
        type: Of all the resources in it.
        nonce: By which it will speak of this answer.
        resources: New or changed, by name.
        removed: Names that are gone.
    """

    type: str
    nonce: str
    resources: dict[str, Resource]
    removed: tuple[str, ...]


def encode(kind: str, fields: dict[str, Any]) -> Resource:
    """A resource of JSON's form of protobuf.

    Raises:
        google.protobuf.json_format.ParseError: There is no such field.
    """
    message = ParseDict(fields, _MESSAGES[kind]())
    _order(message)
    return _resource(message)


def clusters(pattern: dict[str, Any], names: Iterable[str]) -> dict[str, Resource]:
    """A cluster for each name, alike in all else. JSON is read once: it takes a millisecond."""
    message = ParseDict(pattern, _Cluster())
    found: dict[str, Resource] = {}
    for name in names:
        message.name = name
        found[name] = _resource(message)
    return found


def route_table(table: dict[str, Any], pattern: dict[str, Any]) -> Resource:
    """A table in which services stand by name, each name replaced by the route to it.

    Args:
        table: The table, as JSON.
        pattern: The route to any service, as JSON; it is read once.
    """
    message = ParseDict(table, _RouteTable())
    route = ParseDict(pattern, _Route())
    made: dict[str, Any] = {}
    for action in _actions(message):
        if not action.HasField("typed_config"):
            if action.name not in made:
                made[action.name] = _route_to(action.name, route)
            action.typed_config.CopyFrom(made[action.name])
    return _resource(message)


def _actions(table: Any) -> Iterator[Any]:
    """All ends of all trees of a table."""
    for host in table.virtual_hosts:
        exact, rest = host.matcher.matcher_tree, host.matcher.on_no_match.matcher.matcher_tree
        for entries in (exact.exact_match_map.map, rest.prefix_match_map.map):
            for end in entries.values():
                yield end.action


def _route_to(service: str, route: Any) -> Any:
    names = (service, *parts_of(service))
    for cluster, name in zip(route.route.weighted_clusters.clusters, names, strict=True):
        cluster.name = name
    packed = _Any()
    packed.Pack(route, deterministic=True)
    return packed


def assignment(cluster: str, *levels: Sequence[Endpoint]) -> Resource:
    """Where a cluster is, made without JSON: each step of each deployment sends some.

    Args:
        cluster: Its name.
        levels: Its hosts; those of a level get requests where none of the levels before answers.
    """
    message = _Assignment(cluster_name=cluster)
    for priority, level in enumerate(filter(None, levels)):
        group = message.endpoints.add(priority=priority)
        for given in level:
            host = group.lb_endpoints.add()
            _reach(host, given, message)
            host.load_balancing_weight.value = given.weight
            if given.draining:
                host.health_status = _DRAINING
    return _resource(message)


def _reach(host: Any, given: Endpoint, assignment: Any) -> None:
    """Says where a host is, and that one elsewhere is reached by mutual TLS."""
    if not given.address:
        host.endpoint.address.pipe.path = given.socket
        return
    name, _, port = given.address.rpartition(":")
    place = host.endpoint.address.socket_address
    place.address, place.port_value = name.strip("[]"), int(port)
    host.metadata.filter_metadata[MATCH][MUTUAL] = True
    assignment.policy.overprovisioning_factor.value = LOCAL_FIRST


def runtime(name: str, values: Mapping[str, int], renewal: int, seconds: float) -> Resource:
    """A layer of numbers.

    Args:
        name: The layer's.
        values: By key.
        renewal: The same numbers under another one are given anew.
        seconds: For which they are given; no numbers are forever.
    """
    message = _Runtime(name=name)
    message.layer.update(values)
    made = _resource(message)
    if not values:
        return made
    return Resource(f"{made.version}-{renewal}", made.body, seconds)


def read_ask(data: bytes) -> Ask:
    """A message of an Envoy."""
    message = _Request.FromString(data)
    return Ask(
        message.type_url,
        message.response_nonce,
        _words(message.error_detail.message or "?") if message.HasField("error_detail") else "",
        tuple(message.resource_names_subscribe),
        tuple(message.resource_names_unsubscribe),
        dict(message.initial_resource_versions),
    )


def write_answer(answer: Answer) -> bytes:
    """A message to an Envoy."""
    message = _Response(type_url=answer.type, nonce=answer.nonce, removed_resources=answer.removed)
    for name, resource in answer.resources.items():
        entry = message.resources.add(name=name, version=resource.version)
        entry.resource.type_url = answer.type
        entry.resource.value = resource.body
        if resource.seconds:
            entry.ttl.FromMilliseconds(round(1000 * resource.seconds))
    return message.SerializeToString()


def _order(message: Any) -> None:
    """Packs anew what is packed within it: JSON's reader has maps there in any order.

    Another control process would else tell Envoy of other listeners, which drains what is open.
    """
    for field, value in message.ListFields():
        if field.message_type is None:
            continue
        within = [value] if hasattr(value, "ListFields") else value
        if field.message_type.GetOptions().map_entry:
            within = [one for one in value.values() if hasattr(one, "ListFields")]
        for one in within:
            if one.DESCRIPTOR is not _Any.DESCRIPTOR:
                _order(one)
                continue
            packed = _message(one.TypeName()).FromString(one.value)
            _order(packed)
            one.value = packed.SerializeToString(deterministic=True)


def _words(error: str) -> str:
    """Envoy's sentence without the whole resource that it may show in the midst of it."""
    return _DUMP.sub("", error).strip()[:WORDS_MAX]


def _resource(message: Any) -> Resource:
    body = message.SerializeToString(deterministic=True)
    return Resource(hashlib.blake2b(body, digest_size=12).hexdigest(), body)
