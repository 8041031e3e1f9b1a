"""Shipping, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look. The boutique's rules are
# given pydantic's models: they look at attributes alone.
# pyright: basic, reportMissingImports=false, reportArgumentType=false

from boutique_shipping.rules import parcel, quote, tracking_id
from fastapi import Request

from benchmarks.boutique.fastapi_shop.models import Money, Quote, Shipment, Shipped, money_of
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve

app = application()


@app.post("/quotes")
async def get_quote(asked: Quote, request: Request) -> Money:
    join_trace(request)
    cost = quote(asked.items)
    return money_of(cost.currency_code, cost.total_nanos)


@app.post("/shipments")
async def ship_order(asked: Shipment, request: Request) -> Shipped:
    join_trace(request)
    return Shipped(tracking_id=tracking_id(parcel(asked.order_id)))


if __name__ == "__main__":
    serve(app, "shipping")
