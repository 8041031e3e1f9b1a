"""Flags for code that asks OpenFeature for them; needs the extra `openfeature`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from openfeature.exception import FlagNotFoundError, InvalidContextError, TypeMismatchError
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider import (  # pyright: ignore[reportMissingTypeStubs]  it has types
    AbstractProvider,
    Metadata,
)

from hanse.runtime.call.context import running
from hanse.runtime.errors import InvalidArgument
from hanse.runtime.flags.asked import TARGETING_KEY, origin_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from openfeature.evaluation_context import (  # pyright: ignore[reportMissingTypeStubs]  it too
        EvaluationContext,
    )
    from openfeature.flag_evaluation import FlagValueType

    from hanse.runtime.call.context import Origin
    from hanse.runtime.flags.flags import Flags
    from hanse.runtime.flags.state import State

    Given = Sequence[FlagValueType] | Mapping[str, FlagValueType]


class HanseProvider(AbstractProvider):
    """Answers OpenFeature's client by the flags of a host, in its process and without waiting.

        api.set_provider(HanseProvider(checkout))
        api.get_client().get_boolean_value("checkout.new_tax", False)

    Where the context has no targeting key it is the running call's principal who asks. The site is
    always that of the running call, or as given here where none runs.

    Args:
        flags: Those it answers for, as a service has them.
        site: Of who asks outside of any call; they get defaults and what all have, if it is not
            given.
    """

    def __init__(self, *flags: Flags, site: str = "") -> None:
        super().__init__()
        self._site = site
        self._states: dict[str, State] = {
            state.declared.name: state for one in flags for state in one.__states__()
        }

    def get_metadata(self) -> Metadata:
        """Its name."""
        return Metadata(name="hanse")

    def resolve_boolean_details(
        self,
        flag_key: str,
        default_value: bool,  # noqa: ARG002, FBT001  as OpenFeature calls it
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[bool]:
        """A flag that is true or false."""
        return self._resolved(flag_key, (bool,), evaluation_context)

    def resolve_string_details(
        self,
        flag_key: str,
        default_value: str,  # noqa: ARG002  as above
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[str]:
        """A flag that is a text."""
        return self._resolved(flag_key, (str,), evaluation_context)

    def resolve_integer_details(
        self,
        flag_key: str,
        default_value: int,  # noqa: ARG002  as above
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[int]:
        """A flag that is a whole number."""
        return self._resolved(flag_key, (int,), evaluation_context)

    def resolve_float_details(
        self,
        flag_key: str,
        default_value: float,  # noqa: ARG002  as above
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[float]:
        """A flag that is a number."""
        return self._resolved(flag_key, (float, int), evaluation_context)

    def resolve_object_details(
        self,
        flag_key: str,
        default_value: Given,  # noqa: ARG002  as above
        evaluation_context: EvaluationContext | None = None,
    ) -> FlagResolutionDetails[Given]:
        """A flag that is a struct, as a mapping."""
        return self._resolved(flag_key, (dict,), evaluation_context)

    def _resolved(
        self, name: str, kinds: tuple[type, ...], context: EvaluationContext | None
    ) -> FlagResolutionDetails[Any]:
        state = self._states.get(name)
        if state is None:
            raise FlagNotFoundError(f"No flag {name} is known here.")
        found = state.outcome(self._who(context))
        value = state.declared.write(found.value)
        if type(value) not in kinds:
            raise TypeMismatchError(f"{name} takes {state.declared.takes}.")
        metadata: dict[str, bool | int | float | str] = {"owner": state.declared.owner}
        return FlagResolutionDetails(
            value, reason=found.reason, variant=found.variant, flag_metadata=metadata
        )

    def _who(self, context: EvaluationContext | None) -> Origin:
        call = running.get()
        if call is not None and (context is None or not context.targeting_key):
            return call.origin
        given = {} if context is None else {**context.attributes}
        if context is not None and context.targeting_key:
            given[TARGETING_KEY] = context.targeting_key
        try:
            return origin_of(self._site if call is None else call.origin.site, given)
        except InvalidArgument as error:
            raise InvalidContextError(str(error)) from error
