"""Why credentials did not count: one word for the log, one sentence for the developer."""

from __future__ import annotations

from hanse.runtime.errors import Unauthenticated


class Refused(Unauthenticated):
    """Credentials were given and do not count. On the wire it is plain `Unauthenticated`.

    Attributes:
        reason: A stable word for logs and counters, e.g. `expired`; it stays in this process,
            which is why it is no declared field.
        lasting: Whether the same credentials would be refused again in ten seconds, so that the
            refusal may be remembered.
    """

    def __init__(self, reason: str, detail: str, *, lasting: bool = True) -> None:
        super().__init__(detail=detail)
        self.reason: str = reason
        self.lasting: bool = lasting
