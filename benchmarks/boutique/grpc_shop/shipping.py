"""Shipping, served by grpc.aio."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false
# ruff: noqa: N802  names of RPCs stand in the .proto

from boutique_shipping.rules import parcel, quote, tracking_id

from benchmarks.boutique.grpc_shop import checks
from benchmarks.boutique.grpc_shop.wire import messages, money_of, rpc, serve, services


class Shipping(services.ShippingServiceServicer):
    @rpc(checks.quote)
    async def GetQuote(self, request):
        cost = quote(request.items)
        return money_of(cost.currency_code, cost.total_nanos)

    @rpc(checks.shipment)
    async def ShipOrder(self, request):
        return messages.ShipmentResponse(tracking_id=tracking_id(parcel(request.order_id)))


if __name__ == "__main__":
    serve("Shipping", "shipping", Shipping)
