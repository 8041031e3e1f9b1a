"""The front of a host that has nothing but the careers site."""

from __future__ import annotations

from hanse import PUBLIC, Redirect, Service, page
from hanse_hiring.rules.slugs import HOME


class Front(Service, package="front.v1"):
    """Leads on. Why: beside a shop `/` is the shop's, so that the careers site cannot have it."""

    @page("/", allow=PUBLIC)
    async def front(self) -> Redirect:
        """What is asked for first."""
        return Redirect(HOME)
