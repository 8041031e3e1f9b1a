"""What an app that is no service has of a host, and for whom it acts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeVar, cast

from hanse.runtime.beside.joining import Joining
from hanse.runtime.call.context import DEFAULT_LOCALE, DEFAULT_SITE, Origin, running
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.errors import FailedPrecondition
from hanse.runtime.identity.principal import Principal

if TYPE_CHECKING:
    from contextlib import AbstractAsyncContextManager, AbstractContextManager

    from hanse.runtime.data.database import Database
    from hanse.runtime.host import Host

F = TypeVar("F")


class Guest:
    """What an app asks of a host in its own transactions.

    Args:
        host: Not begun yet.

    Raises:
        ConfigurationError: The host has no database.
        RuntimeError: It has begun.
    """

    def __init__(self, host: Host) -> None:
        name = host.config.name
        self._joining = host.background.made.setdefault(Joining, Joining(database_of(host)))
        self._origin = Origin(principal=Principal("service", name), caller=name)
        self._site: str | None = None

    def as_(
        self, principal: Principal, *, site: str | None = None, locale: str = DEFAULT_LOCALE
    ) -> Self:
        """The same for somebody, who is then told of as who caused it.

        While a call is running, as in a handler, what it does is for whom the call is.

        Args:
            principal: Who.
            site: The tenant, if it is not the default one. While a call of another is running,
                what is asked for fails with `FailedPrecondition`.
            locale: BCP 47 tag.
        """
        other = object.__new__(type(self))
        origin = Origin(DEFAULT_SITE if site is None else site, principal, locale)
        other.__dict__ |= {**vars(self), "_origin": origin, "_site": site}
        return other

    def _joined(self, session: object) -> AbstractAsyncContextManager[None]:
        self._check_site()
        return self._joining.joined(session, self._origin)

    def _acting(self) -> AbstractContextManager[None]:
        self._check_site()
        return self._joining.acting(self._origin)

    def _check_site(self) -> None:
        """Refuses to do for the site of a running call what was meant for another."""
        call = running.get()
        if call is not None and self._site not in {None, call.origin.site}:
            raise FailedPrecondition(
                f"A call of the site {call.origin.site!r} is running, and what it does is of that "
                f"site; this is for {self._site!r}. Leave out site= here, or do it outside of it."
            )


def made_for(host: Host, kind: type[F]) -> F:
    """What services of a host would get that ask for it; made, where none does.

    Raises:
        RuntimeError: It would be made after the host has begun.
    """
    made, database = host.background.made, database_of(host)
    if kind not in made:
        if database.ready:
            raise RuntimeError("Make this before its host begins, so that its tables are made.")
        made[kind] = cast("Any", kind).__from_database__(kind, database)
    return made[kind]


def database_of(host: Host) -> Database:
    """The database of a host.

    Raises:
        ConfigurationError: It has none.
    """
    if host.database is None:
        raise ConfigurationError(
            "This host has no database; give it that of your app: "
            "HostConfig(database=DatabaseConfig(url=…))"
        )
    return host.database
