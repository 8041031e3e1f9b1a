"""Where a contract is served from: an endpoint of this host, or a peer that the directory names."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from hanse.kit.http import Address
from hanse.runtime.call.endpoint import Endpoint
from hanse.runtime.call.outgoing import Caller
from hanse.runtime.call.proxy import bind_local, make_proxy
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.remote.balance import Balancer, Part
from hanse.runtime.remote.peer import Peer
from hanse.runtime.remote.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hanse.runtime.contract.method import Method
    from hanse.runtime.contract.service import ContractModel
    from hanse.runtime.instruments import Instruments
    from hanse.runtime.mutual.own_identity import OwnIdentity
    from hanse.runtime.placement.directory import Directory


class Placement:
    """Makes proxies.

    Args:
        local: Full names of the contracts served here; their endpoints may come later.
        directory: Where contracts are served that are not, or not to be called, here.
        own: Who this host is between machines; None where it calls nobody there.
        wrap: Wraps every bound method; for faults in tests.

    Attributes:
        local: As given.
        endpoints: What answers here, by full name of the method.
    """

    def __init__(
        self,
        local: Sequence[str],
        directory: Directory,
        *,
        site: str,
        instruments: Instruments,
        own: OwnIdentity | None = None,
        wrap: Callable[[Method, Callable[..., Any]], Callable[..., Any]] | None = None,
    ) -> None:
        self.local = local
        self._directory = directory
        self._site = site
        self._instruments = instruments
        self._own = own
        self._wrap = wrap
        self._pools: dict[str, Pool] = {}
        self._peers: dict[str, Peer] = {}
        self._left: list[str] = []
        self._revision = instruments.metrics.gauge(
            "hanse_directory_revision", "Revision of the directory's file that is applied here."
        )
        self._shares_revision = instruments.metrics.gauge(
            "hanse_shares_revision", "Revision of the file of shares that is applied here."
        )
        self.endpoints: dict[str, Endpoint] = {}
        self.look()

    def connect(self, contract: ContractModel, caller: str) -> Any | None:
        """A proxy of a contract for a calling service; None when nobody serves it."""
        who = Caller(caller, self._site, self._instruments.deadlines)
        if contract.full_name in self._directory:
            bind = self._remote(contract, who)
        elif contract.full_name in self.local:
            bind = self._here(who)
        else:
            return None
        return make_proxy(contract, bind if self._wrap is None else _wrapped(bind, self._wrap))

    def problems(self) -> list[str]:
        """What is wrong with the directory or served twice, told at the start, not at a call."""
        counts = Counter(self.local)
        twice = [name for name, count in counts.items() if count > 1]
        found = [f"{name} is served by two of the listed services; keep one" for name in twice]
        for name in self._directory.configured:
            try:
                self._peer(name)
            except ConfigurationError as error:
                found += error.problems
        return found

    def applied(self) -> tuple[int, int]:
        """Revisions of the files of the directory and of shares that calls follow."""
        return int(self._revision.value), int(self._shares_revision.value)

    def look(self) -> None:
        """Follows the directory; parts from peers it no longer names, when nothing runs there."""
        if self._directory.look(self._address):
            self._move()
        if self._left:
            self._left = [text for text in self._left if not self._part(text)]

    def close(self) -> None:
        for pool in self._pools.values():
            pool.close()

    def _here(self, caller: Caller) -> Callable[[Method], Callable[..., Any]]:
        """Binds when first called: services of one host may need each other."""

        def bind(method: Method) -> Callable[..., Any]:
            return bind_local(caller, self.endpoints[method.full_name])

        return bind

    def _remote(
        self, contract: ContractModel, caller: Caller
    ) -> Callable[[Method], Callable[..., Any]]:
        peer = self._peer(contract.full_name)

        def bind(method: Method) -> Callable[..., Any]:
            observer = self._instruments.observer(method, "client", caller.name)
            return peer.bind(caller, method, observer)

        return bind

    def _peer(self, name: str) -> Peer:
        if name not in self._peers:
            if name in self._directory.configured and not self._directory.configured[name]:
                raise ConfigurationError(f"The directory has no address for {name}; give it one.")
            try:
                peer = Peer(Balancer(()))
                peer.move(*self._where(name))
                self._peers[name] = peer
            except ValueError as error:
                raise ConfigurationError(f"The directory's entry for {name}: {error}") from None
        return self._peers[name]

    def _move(self) -> None:
        for name, peer in self._peers.items():
            peer.move(*self._where(name))
        named = {one for name in self._peers for one in self._named(name)}
        self._left = [text for text in self._pools if text not in named]
        self._revision.set(self._directory.revision)
        self._shares_revision.set(self._directory.shares.revision)

    def _part(self, text: str) -> bool:
        """Closes a pool unless something runs there; whether it did."""
        if not self._pools[text].idle:
            return False
        self._pools.pop(text).close()
        return True

    def _named(self, name: str) -> Iterator[str]:
        """All addresses at which a contract is called."""
        yield from self._directory.addresses(name)
        yield from self._directory.elsewhere(name)
        yield from self._directory.together(name)
        for part in self._directory.shares.of(name):
            yield from part.addresses

    def _where(self, name: str) -> tuple[tuple[Pool, ...], tuple[Part, ...], tuple[Pool, ...]]:
        """Who serves a contract: here, of those that are judged, and in other regions."""
        directory, pools = self._directory, self._pools_at
        parts = tuple(Part(pools(one.addresses), one.share) for one in directory.shares.of(name))
        if together := directory.together(name):
            parts = (Part(pools(together), 1.0),)
        return pools(directory.addresses(name)), parts, pools(directory.elsewhere(name))

    def _pools_at(self, addresses: Iterable[str]) -> tuple[Pool, ...]:
        return tuple(map(self._pool, addresses))

    def _pool(self, text: str) -> Pool:
        """One pool an address, whoever is served there; a context goes only where it is trusted."""
        if text in self._left:
            self._left.remove(text)
        if text not in self._pools:
            self._pools[text] = Pool(self._address(text), self._own, links=True)
        return self._pools[text]

    def _address(self, text: str) -> Address:
        """An address at which a host can be called, and trusts its callers.

        Raises:
            ValueError: It is none.
        """
        address = Address(text)
        if not address.path and not (address.secure and self._own):
            raise ValueError(
                f"{text}: hosts call each other over unix:… or https://… with tls configured"
            )
        return address


def _wrapped(
    bind: Callable[[Method], Callable[..., Any]],
    wrap: Callable[[Method, Callable[..., Any]], Callable[..., Any]],
) -> Callable[[Method], Callable[..., Any]]:
    def bind_wrapped(method: Method) -> Callable[..., Any]:
        return wrap(method, bind(method))

    return bind_wrapped
