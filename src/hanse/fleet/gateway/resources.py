"""From a picture to all that Envoy is told of it, made anew only where something changed."""

from __future__ import annotations

from collections.abc import Iterator

from hanse.fleet.gateway import xds
from hanse.fleet.gateway.clusters import cluster
from hanse.fleet.gateway.listeners import certificates, listeners
from hanse.fleet.gateway.picture import Endpoint, Picture
from hanse.fleet.gateway.regions import secrets
from hanse.fleet.gateway.routes import route_tables, service_route
from hanse.fleet.gateway.settings import GatewaySettings
from hanse.fleet.gateway.shares import SHARES, part_name, shares
from hanse.fleet.gateway.xds import Resource

Snapshot = dict[str, dict[str, Resource]]
"""Resources by type, then by name."""


class Resources:
    """Makes snapshots, and keeps the last one to make the next from.

    Args:
        settings: The gateway's, the same for all pictures.
    """

    __slots__ = ("_made", "_picture", "_settings", "_snapshot")

    def __init__(self, settings: GatewaySettings) -> None:
        self._settings = settings
        self._picture = Picture(())
        self._made: dict[str, tuple[object, Resource]] = {}
        self._snapshot: Snapshot = {}

    def of(self, picture: Picture) -> Snapshot:
        """What Envoy is told of a picture.

        Raises:
            ValueError: Two services want the same first segment.
        """
        before, snapshot = self._picture, dict(self._snapshot)
        fresh = not snapshot
        if fresh or _addresses(picture) != _addresses(before):
            tables = route_tables(picture, self._settings)
            pattern = service_route("any")
            made = {table["name"]: xds.route_table(table, pattern) for table in tables}
            snapshot[xds.ROUTES] = made
        if fresh or _shown(picture) != _shown(before):
            self._listen(picture, snapshot)
        known = (
            {} if picture.trust_domain != before.trust_domain else snapshot.get(xds.CLUSTERS, {})
        )
        # A renewal shows the same ones.
        if fresh or picture.upstreams is not before.upstreams or not known:
            self._place(picture, snapshot, known)
        lease = picture.renewal, picture.lease_seconds
        given = xds.runtime(SHARES, shares(picture), *lease)
        snapshot[xds.RUNTIME] = {SHARES: given}
        self._picture, self._snapshot = picture, snapshot
        return snapshot

    def _listen(self, picture: Picture, snapshot: Snapshot) -> None:
        for kind, given in (
            (xds.SECRETS, certificates(picture, self._settings) | secrets(picture.identity)),
            (xds.LISTENERS, listeners(picture, self._settings)),
        ):
            snapshot[kind] = {name: xds.encode(kind, fields) for name, fields in given.items()}

    def _place(self, picture: Picture, snapshot: Snapshot, known: dict[str, Resource]) -> None:
        """Where everything is; clusters that are known already stay as they are."""
        made: dict[str, tuple[object, Resource]] = {}
        for name, levels in _clusters(picture):
            last = self._made.get(name)
            if last is None or last[0] != levels:
                last = (levels, xds.assignment(name, *levels))
            made[name] = last
        new, domain = made.keys() - known.keys(), picture.trust_domain
        pattern = cluster("any", self._settings, domain)
        clusters = known | xds.clusters(pattern, new) if new else known
        self._made = made
        snapshot[xds.CLUSTERS] = {name: clusters[name] for name in made}
        snapshot[xds.ASSIGNMENTS] = {name: resource for name, (_, resource) in made.items()}


def _clusters(picture: Picture) -> Iterator[tuple[str, tuple[tuple[Endpoint, ...], ...]]]:
    """Every cluster with its hosts; those of a part fall back on those of its service."""
    for upstream in picture.upstreams:
        levels = (upstream.endpoints, upstream.elsewhere)
        yield upstream.service, levels
        for part in upstream.parts:
            yield part_name(upstream.service, part.name), (part.endpoints, *levels)


def _addresses(picture: Picture) -> object:
    """All of a picture that its table of routes says."""
    paths = [(one.service, one.segments) for one in picture.upstreams]
    names = [(one.name, one.site, one.certificate is None, one.waits) for one in picture.domains]
    has = picture.certificate is not None, picture.identity is not None
    return paths, names, picture.challenges, has


def _shown(picture: Picture) -> object:
    """All of a picture that its listeners and certificates say."""
    domains = [(one.name, one.certificate) for one in picture.domains]
    return domains, picture.certificate, picture.identity
