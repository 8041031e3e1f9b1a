"""A release: one service as it was built, named by all that it is made of."""

from __future__ import annotations

import msgspec

from hanse.fleet.releases.sources.lock import Lock
from hanse.fleet.releases.sources.origin import Origin
from hanse.fleet.releases.tree import SHOWN_DIGITS, Tree, digest_of
from hanse.fleet.survey import ServiceSurvey
from hanse.runtime.description.service_description import ServiceDescription

FORMAT = 1


class Facts(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What importing a service tells of it.

    Attributes:
        survey: What the plan and the gateway need.
        description: What others, and its next release, can know of it: contract, events, documents,
            workflows, settings.
        post: Whether some of its migrations are for when the release before is gone.
        mails: Whether it sends letters.
    """

    survey: ServiceSurvey
    description: ServiceDescription
    post: bool = False
    mails: bool = False


class Release(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One service, immutable.

    Attributes:
        service: As the project lists it, `module:Class`.
        facts: What it is like.
        code: Its files.
        lock: The packages it was built against.
        origin: Where its files came from.
        format: Of this description.
    """

    service: str
    facts: Facts
    code: Tree
    lock: Lock
    origin: Origin = Origin()
    format: int = FORMAT

    @property
    def name(self) -> str:
        """Full name of the contract it serves."""
        return self.facts.survey.contract

    @property
    def digest(self) -> str:
        """Names the release; see `name_of`."""
        return name_of(self.service, self.code, self.lock)

    @property
    def shown(self) -> str:
        """The beginning of its digest, as people see it."""
        return self.digest[:SHOWN_DIGITS]


def name_of(service: str, code: Tree, lock: Lock) -> str:
    """Names a release by what was built: the same files against the same packages are the same.

    Contract and settings follow from these, and the commit does not matter: nothing is built anew
    because a README changed, or because Hanse itself did.
    """
    return digest_of(msgspec.json.encode((FORMAT, service, code.digest, lock.digest)))
