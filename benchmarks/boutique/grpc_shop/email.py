"""Letters, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.clients import order_of
from benchmarks.boutique.grpc_shop.wire import messages, rpc, serve, services
from benchmarks.boutique.letters import Letters
from benchmarks.boutique.peer_data import shop


class Emails(services.EmailServiceServicer):
    def __init__(self):
        self._letters = Letters()

    @rpc(checks.confirmation)
    async def SendOrderConfirmation(self, request):
        said = self._letters.about(order_of(request.order))
        await shop.keep_letter(request.order.order_id, request.email, said)
        return messages.Empty()


if __name__ == "__main__":
    serve("Email", "email", Emails)
