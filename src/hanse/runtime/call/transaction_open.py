"""Why a service was not called: a transaction of the caller was open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from hanse.runtime.errors import Internal

if TYPE_CHECKING:
    from hanse.runtime.contract.method import Method


class TransactionOpen(Internal):
    """A mistake in the caller: no transaction spans two services.

    It would hold rows and a connection for as long as the other takes, and could not take back what
    the other did.
    """

    code = "transaction_open"

    @classmethod
    def before(cls, method: Method) -> Self:
        """The error of a call that was not made."""
        return cls(
            f"{method.full_name} was not called, because a transaction is open. End it before the "
            "call, or make both steps of a workflow."
        )


class UnitOpen(TransactionOpen):
    """What a keyed call wrote so far has to be committed before it calls."""
