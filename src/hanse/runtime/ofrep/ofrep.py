"""`Ofrep`: a service that tells flags by the OpenFeature Remote Evaluation Protocol, version 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import msgspec

from hanse.runtime.call.context import current
from hanse.runtime.contract.declaration import rpc
from hanse.runtime.contract.immutable import FreeJson
from hanse.runtime.contract.incoming.incoming import Incoming
from hanse.runtime.contract.service import Service
from hanse.runtime.errors import NotFound
from hanse.runtime.flags.asked import origin_of, refused
from hanse.runtime.identity.permission import permission
from hanse.runtime.ofrep.ofrep_rpc import OfrepRpc

if TYPE_CHECKING:
    from hanse.runtime.call.context import Origin
    from hanse.runtime.flags.flags import Flags
    from hanse.runtime.flags.state import State

MAY_READ = permission("hanse.flags.read")
"""Who may ask; nobody has it who was not given it."""

BODY_MAX = 64 * 1024


class FlagNotFound(NotFound):
    """No flag of that name is told here."""

    code = "flag_not_found"
    key: str


class Evaluated(msgspec.Struct, frozen=True):
    """What somebody gets.

    Attributes:
        key: The flag.
        value: As JSON.
        reason: Why: STATIC, TARGETING_MATCH, SPLIT, CACHED, DEFAULT, DISABLED or ERROR.
        variant: `default`, or the value as text.
        metadata: Whose the flag is.
    """

    key: str
    value: Annotated[Any, FreeJson()]
    reason: str
    variant: str
    metadata: Annotated[Any, FreeJson()]


class EvaluatedFlags(msgspec.Struct, frozen=True):
    """All flags that are told.

    Attributes:
        flags: By name.
    """

    flags: tuple[Evaluated, ...]


class _Asked(msgspec.Struct, frozen=True):
    """The body of both requests; what else is in it, and in the context, is for others."""

    context: dict[str, Any] = {}


class Ofrep(Service, package="ofrep.v1"):
    """Tells programs what their users get.

    List a subclass that asks for the flags to be told:

        class Told(Ofrep, package="ofrep.v1"):
            def __init__(self, checkout: Checkout) -> None:
                super().__init__(checkout)

    Who asks holds the permission `hanse.flags.read`, and is told what holds at its own site. Of the
    context it sends these count: `targetingKey` (an id of a principal or a visitor), `kind`,
    `locale` and `permissions`.
    """

    __rest__: ClassVar[type[OfrepRpc]] = OfrepRpc

    def __init__(self, *flags: Flags) -> None:
        self._flags = flags
        self._states: dict[str, State] = {
            state.declared.name: state for one in flags for state in one.__states__()
        }

    @rpc(
        "POST /ofrep/v1/evaluate/flags/{key}",
        allow=MAY_READ,
        body="incoming",
        errors=(FlagNotFound,),
        max_body=BODY_MAX,
    )
    async def evaluate(self, key: str, incoming: Incoming) -> Evaluated:
        """One flag for somebody."""
        who = await self._who(incoming)
        state = self._states.get(key)
        if state is None:
            raise FlagNotFound(detail=f"No flag {key} is told here.", key=key)
        return _evaluated(state, who)

    @rpc("POST /ofrep/v1/evaluate/flags", allow=MAY_READ, body="incoming", max_body=BODY_MAX)
    async def evaluate_all(self, incoming: Incoming) -> EvaluatedFlags:
        """All flags for somebody."""
        who = await self._who(incoming)
        return EvaluatedFlags(tuple(_evaluated(one, who) for one in self._states.values()))

    async def _who(self, incoming: Incoming) -> Origin:
        """For whom is asked, at the site of who asks; what they drew is known then."""
        try:
            context = msgspec.json.decode(incoming.body or b"{}", type=_Asked).context
        except (msgspec.MsgspecError, RecursionError) as error:
            raise refused("", "a JSON object with a context", f"{error}.") from None
        origin = origin_of(current().site, context)
        for flags in self._flags:
            await flags.__known__(origin)
        return origin


def _evaluated(state: State, who: Origin) -> Evaluated:
    found, declared = state.outcome(who), state.declared
    until = {"until": str(declared.until)} if declared.until else {}
    metadata = {"owner": declared.owner, **until}
    value = declared.write(found.value)
    return Evaluated(declared.name, value, found.reason, found.variant, metadata)
