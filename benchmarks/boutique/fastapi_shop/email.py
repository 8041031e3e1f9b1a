"""Letters, served by FastAPI."""
# What it measures is only in `.venvs/bench`, where pyright does not look. The boutique's rules are
# given pydantic's models: they look at attributes alone.
# pyright: basic, reportMissingImports=false, reportArgumentType=false

from collections import deque

from boutique_email.letter import Letter, Letters
from fastapi import Request

from benchmarks.boutique.fastapi_shop.models import Confirmation
from benchmarks.boutique.fastapi_shop.serving import application, join_trace, serve

KEPT = 100

app = application()
letters = Letters()
outbox: deque[Letter] = deque(maxlen=KEPT)


@app.post("/confirmations", status_code=204)
async def send_order_confirmation(sent: Confirmation, request: Request) -> None:
    join_trace(request)
    outbox.append(letters.confirmation(sent.email, sent.order))


if __name__ == "__main__":
    serve(app, "email")
