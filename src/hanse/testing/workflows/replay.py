"""Runs a workflow's code over recorded journals, so that a change is noticed before it is live."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from hanse.runtime.workflows.replay import Recording
from hanse.runtime.workflows.workflows import Workflows

if TYPE_CHECKING:
    from collections.abc import Callable

    from hanse.testing.world import World


async def replay(world: World, method: Callable[..., Any], recorded: str | bytes) -> int:
    """Runs a workflow's code over a journal; none of its steps is done.

        recorded = Path("journals/order-7.json").read_text()
        async with World(Checkout) as world:
            await replay(world, Checkout.place, recorded)

    Args:
        world: Which serves the workflow in the version that was recorded.
        method: The workflow.
        recorded: What `hanse workflows journal ID --json` printed.

    Returns:
        How many entries it asked for: the code has stopped at the first that is not over.

    Raises:
        HanseError: The code asks for something else, and which: instances like it would be held.
        LookupError: The world does not serve that version.
    """
    runner = next((one for one in world.host.background if isinstance(one, Workflows)), None)
    if runner is None:
        raise LookupError("No service of this world has a workflow.")
    return await runner.replay(method, msgspec.json.decode(recorded, type=Recording))
