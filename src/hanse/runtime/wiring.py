"""Builds services: what their constructors ask for, by type."""

from __future__ import annotations

import inspect
import typing
from typing import TYPE_CHECKING, Any, cast

from hanse.kit.clock import Clock
from hanse.runtime.background import runners_of
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.config.settings import Settings, SettingsError, Sources, load
from hanse.runtime.contract.service import ContractModel, contract_of
from hanse.runtime.data.files.provided import homeless, takers
from hanse.runtime.data.provided import make, maker_of, needs_of
from hanse.runtime.events.events import Events
from hanse.runtime.subscriptions.subscriptions import subscriptions_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from hanse.runtime.data.database import Database
    from hanse.runtime.mail.mail_config import MailConfig


_POSTMAN = "hanse.runtime.mail.postman"


class WiringError(ConfigurationError):
    """A service asks for what its host does not have; all such wishes are in `problems`."""


class Wiring:
    """What a host can give to constructors.

    Args:
        connect: Makes a proxy of a contract for a calling service; None when nobody serves it.
        provided: Anything else, by its type: what a composition root hands over itself.
        database: What some types are made from, see `FromDatabase`; None if the host has none.

    Attributes:
        made: What was made from that, by its type as it is written in constructors.
    """

    def __init__(
        self,
        *,
        connect: Callable[[ContractModel, str], Any | None],
        clock: Clock,
        provided: Mapping[type, Any],
        sources: Sources,
        database: Database | None = None,
    ) -> None:
        self._database = database
        self.made: dict[Any, Any] = {}
        self._connect = connect
        self._clock = clock
        self._provided = provided
        self._sources = sources

    def build(self, services: Sequence[type], known: Sequence[str] = ()) -> list[Any]:
        """One instance of each service.

        Args:
            services: Their classes.
            known: Problems found before, to be told with those found here.

        Raises:
            WiringError: Constructors ask for what is not there, settings are missing, wrong or
                unknown, or there were problems before.
        """
        problems = [*known, *homeless(services, self._provided)]
        wishes = {service: _wishes(service, problems) for service in services}
        settings = self._settings(wishes, problems)
        arguments = [
            {
                name: self._give(service, name, kind, settings, problems)
                for name, kind in wishes[service].items()
            }
            for service in services
        ]
        for service in services:
            for kind in runners_of(service):
                self._make(service, kind.__name__, kind, problems)
        if problems:
            raise WiringError(*dict.fromkeys(problems))
        return [_built(service, given) for service, given in zip(services, arguments, strict=True)]

    def _settings(
        self, wishes: Mapping[type, Mapping[str, Any]], problems: list[str]
    ) -> dict[str, Settings]:
        kinds: dict[str, type[Settings]] = {}
        for service, wanted in wishes.items():
            for kind in wanted.values():
                if not _is_settings(kind) or kind in self._provided:
                    continue
                if kinds.setdefault(section_of(service), kind) is not kind:
                    section, other = section_of(service), kinds[section_of(service)].__name__
                    problems.append(
                        f"{service.__name__} wants {kind.__name__} of the section [{section}], "
                        f"which is {other}; one section is one class"
                    )
        try:
            return load(kinds, self._sources, [section_of(service) for service in wishes])
        except SettingsError as error:
            problems += error.problems
            return {}

    def _give(
        self,
        service: type,
        name: str,
        kind: Any,
        settings: Mapping[str, Settings],
        problems: list[str],
    ) -> Any:
        if kind in self._provided:
            return self._provided[kind]
        if kind is Clock:
            return self._clock
        if _is_settings(kind):
            return settings.get(section_of(service))  # absent only where that is a problem already
        if maker_of(kind) is not None:
            return self._make(service, name, kind, problems)
        contract = contract_of(kind) if inspect.isclass(kind) else None
        model = contract_of(service)
        assert model is not None
        try:
            proxy = self._connect(contract, model.full_name) if contract else None
        except ConfigurationError:
            return None  # its address is wrong, which is among the problems known
        if proxy is None:
            problems.append(_unmet(service, name, kind, contract))
        return proxy

    def _make(self, service: type, name: str, kind: Any, problems: list[str]) -> Any:
        """One object a kind, however many ask for it."""
        if self._database is None:
            problems.append(
                f"{_asks(service, name, kind)}: this host has no database; write [database] in "
                "hanse.toml and give its url, or HostConfig(database=DatabaseConfig(url=…))"
            )
        elif kind not in self.made:
            try:
                make(kind, self._database, self.made)
            except ConfigurationError as error:
                problems += error.problems
        return self.made.get(kind)


def kept_in_database(services: Sequence[type]) -> tuple[Any, ...]:
    """What constructors ask for and is made from a database: types as they are written there.

    Raises:
        WiringError: The types of a constructor cannot be read, so that nobody knows.
    """
    problems: list[str] = []
    services = with_brought(services)
    wishes = [_wishes(service, problems) for service in services]
    if problems:
        raise WiringError(*problems)
    kinds = [kind for wanted in wishes for kind in wanted.values() if maker_of(kind)]
    needed = [one for kind in kinds for one in needs_of(kind)]
    runners = [one for each in services for one in runners_of(each)]
    return tuple(dict.fromkeys((*kinds, *needed, *runners)))


def with_brought(services: Sequence[type], provided: Collection[Any] = ()) -> tuple[type, ...]:
    """Services, and those that run beside them: where somebody asks for mail, a postman.

    Args:
        services: As they are listed.
        provided: Types that come from outside, and so bring nothing.
    """
    asked = (kind for each in services for kind in _wishes(each, []).values())
    brought = (
        one
        for kind in asked
        if kind not in provided
        for one in getattr(maker_of(kind), "__brings__", ())
    )
    return (*services, *(one for one in dict.fromkeys(brought) if one not in services))


def wants_database(services: Sequence[type]) -> bool:
    """Whether a constructor asks for something that is made from a database."""
    return bool(kept_in_database(services) or takers(services))


def wants_broker(services: Sequence[type]) -> bool:
    """Whether a constructor asks to tell events, or a method is called with some.

    Raises:
        WiringError: As `kept_in_database`.
    """
    kinds = kept_in_database(services)
    tells = Events in kinds or any(getattr(kind, "tells_events", False) for kind in kinds)
    return tells or any(map(subscriptions_of, services))


def mails(services: Sequence[type]) -> bool:
    """Whether some of them send letters."""
    return any(one.__module__ == _POSTMAN for one in with_brought(services))


def inbox_beside(services: Sequence[type], mail: MailConfig | None) -> tuple[type, ...]:
    """The inbox, of services that mail where nothing is sent; else nothing is loaded for it."""
    if mail is None or mail.url is not None or not mails(services):
        return ()
    from hanse.runtime.mail.inbox.inbox import Inbox

    return (Inbox,)


def wishes_of(service: type) -> dict[str, Any]:
    """Name and type of each argument of a service's constructor that has no default.

    Raises:
        WiringError: The types of the constructor cannot be read.
    """
    problems: list[str] = []
    wishes = _wishes(service, problems)
    if problems:
        raise WiringError(*problems)
    return wishes


def section_of(service: type) -> str:
    """The settings section of a service: its class name in lower case."""
    return service.__name__.lower()


def _built(service: type, given: Mapping[str, Any]) -> Any:
    """A service; what was given to it may do something around each of its methods."""
    made: Any = service(**given)
    found = (getattr(one, "__around__", None) for one in given.values())
    if around := [one for one in found if one is not None]:
        made.__around__ = around
    return made


def _is_settings(kind: Any) -> bool:
    return inspect.isclass(kind) and issubclass(kind, Settings)


def _wishes(service: type, problems: list[str]) -> dict[str, Any]:
    """Name and type of each argument of the constructor that has no default."""
    constructor: Any = cast("Any", service).__init__
    if constructor is object.__init__:
        return {}
    try:
        hints = typing.get_type_hints(constructor)
    except NameError as error:
        problems.append(f"{service.__name__}: its constructor's types cannot be read ({error})")
        return {}
    parameters = list(inspect.signature(constructor).parameters.values())[1:]
    return {
        parameter.name: hints.get(parameter.name)
        for parameter in parameters
        if parameter.default is inspect.Parameter.empty
    }


def _asks(service: type, name: str, kind: Any) -> str:
    return f"{service.__name__}({name}: {getattr(kind, '__name__', kind or 'no type')})"


def _unmet(service: type, name: str, kind: Any, contract: ContractModel | None) -> str:
    where = _asks(service, name, kind)
    if contract is not None:
        return (
            f"{where}: nobody serves {contract.full_name}; list a service that does, or give its "
            f"address in the directory"
        )
    return (
        f"{where}: a host gives contracts, Settings, Clock, what its database holds and what was "
        "provided; none is this type. Have the constructor make it, of its Settings, or ask for "
        "the contract of a service that does this; a test provides it"
    )
