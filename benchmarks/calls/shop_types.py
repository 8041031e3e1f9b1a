"""The types both FastAPI services share, validated on every side of every call."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints


class Item(BaseModel):
    sku: Annotated[str, StringConstraints(min_length=1, max_length=32)]
    quantity: Annotated[int, Field(ge=1, le=1000)]


class Order(BaseModel):
    items: Annotated[list[Item], Field(min_length=1, max_length=100)]


class Reserved(BaseModel):
    lines: int
    quantity: int
