"""Letters, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look. The boutique's rules are
# given pydantic's models: they look at attributes alone.
# pyright: basic, reportMissingImports=false, reportArgumentType=false

from fastapi import Request

from benchmarks.boutique.fastapi_shop.clients import order_of
from benchmarks.boutique.fastapi_shop.models import Confirmation
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve
from benchmarks.boutique.letters import Letters
from benchmarks.boutique.peer_data import shop

app = application()
letters = Letters()


@app.post("/confirmations", status_code=204)
async def send_order_confirmation(sent: Confirmation, request: Request) -> None:
    join_trace(request)
    said = letters.about(order_of(sent.order))
    await shop.keep_letter(sent.order.order_id, sent.email, said)


if __name__ == "__main__":
    serve(app, "email")
