"""Letters, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from collections import deque

from boutique_email.letter import Letter, Letters

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.clients import order_of
from benchmarks.boutique.grpc_shop.wire import messages, rpc, serve, services

KEPT = 100


class Emails(services.EmailServiceServicer):
    def __init__(self):
        self._letters = Letters()
        self._outbox: deque[Letter] = deque(maxlen=KEPT)

    @rpc(checks.confirmation)
    async def SendOrderConfirmation(self, request):
        self._outbox.append(self._letters.confirmation(request.email, order_of(request.order)))
        return messages.Empty()


if __name__ == "__main__":
    serve("Email", "email", Emails)
