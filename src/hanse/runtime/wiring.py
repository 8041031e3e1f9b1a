"""Builds services: what their constructors ask for, by type."""

from __future__ import annotations

import inspect
import typing
from typing import TYPE_CHECKING, Any, cast

from hanse.kit.clock import Clock
from hanse.runtime.configuration_error import ConfigurationError
from hanse.runtime.contract.service import ContractModel, contract_of
from hanse.runtime.settings import Settings, Sources, load

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class WiringError(ConfigurationError):
    """A service asks for something that its host does not have; all such wishes are in `problems`."""


class Wiring:
    """What a host can give to constructors.

    Args:
        connect: Makes a proxy of a contract for a calling service; None when nobody serves it.
        provided: Anything else, by its type: what a composition root hands over itself.
    """

    def __init__(
        self,
        *,
        connect: Callable[[ContractModel, str], Any | None],
        clock: Clock,
        provided: Mapping[type, Any],
        sources: Sources,
    ) -> None:
        self._connect = connect
        self._clock = clock
        self._provided = provided
        self._sources = sources

    def build(self, services: Sequence[type]) -> list[Any]:
        """One instance of each service.

        Raises:
            WiringError: Constructors ask for what is not there.
            SettingsError: Settings are missing, wrong or unknown.
        """
        wishes = {service: _wishes(service) for service in services}
        settings = self._settings(wishes)
        problems: list[str] = []
        arguments = [
            {
                name: self._give(service, name, kind, settings, problems)
                for name, kind in wishes[service].items()
            }
            for service in services
        ]
        if problems:
            raise WiringError(*problems)
        return [service(**given) for service, given in zip(services, arguments, strict=True)]

    def _settings(self, wishes: Mapping[type, Mapping[str, Any]]) -> dict[str, Settings]:
        kinds = {
            section_of(service): kind
            for service, wanted in wishes.items()
            for kind in wanted.values()
            if inspect.isclass(kind) and issubclass(kind, Settings)
        }
        return load(kinds, self._sources)

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
        if inspect.isclass(kind) and issubclass(kind, Settings):
            return settings[section_of(service)]
        contract = contract_of(kind) if inspect.isclass(kind) else None
        model = contract_of(service)
        assert model is not None
        proxy = self._connect(contract, model.full_name) if contract else None
        if proxy is None:
            problems.append(_unmet(service, name, kind, contract))
        return proxy


def section_of(service: type) -> str:
    """The settings section of a service: its class name in lower case."""
    return service.__name__.lower()


def _wishes(service: type) -> dict[str, Any]:
    """Name and type of each argument of the constructor that has no default."""
    constructor: Any = cast("Any", service).__init__
    if constructor is object.__init__:
        return {}
    hints = typing.get_type_hints(constructor)
    parameters = list(inspect.signature(constructor).parameters.values())[1:]
    return {
        parameter.name: hints.get(parameter.name)
        for parameter in parameters
        if parameter.default is inspect.Parameter.empty
    }


def _unmet(service: type, name: str, kind: Any, contract: ContractModel | None) -> str:
    where = f"{service.__name__}({name}: {getattr(kind, '__name__', kind)})"
    if contract is not None:
        return (
            f"{where}: nobody serves {contract.full_name}; list a service that does, or give its "
            f"address in the directory"
        )
    return (
        f"{where}: a host gives contracts, Settings, Clock and what was provided; none is this type"
    )
