"""Service 0000 of a FastAPI host: five methods and types of its own; copied with other numbers."""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

router = APIRouter(prefix="/shop0000/v1")

Name = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Quantity = Annotated[int, Field(ge=0, le=1000)]


class Thing0000(BaseModel):
    id: str
    name: Name
    quantity: Quantity
    tags: tuple[str, ...] = ()


class NewThing0000(BaseModel):
    name: Name
    quantity: Quantity
    tags: tuple[str, ...] = ()


class ChangedThing0000(BaseModel):
    name: Name | None = None
    quantity: Quantity | None = None


class Things0000(BaseModel):
    things: tuple[Thing0000, ...]
    next_page: str = ""


class Deleted0000(BaseModel):
    id: str


@router.get("/things/{thing_id}")
async def get_thing_0000(thing_id: str) -> Thing0000:
    return Thing0000(id=thing_id, name="thing", quantity=1)


@router.get("/things")
async def list_things_0000(page: str = "") -> Things0000:
    return Things0000(things=(), next_page=page)


@router.post("/things")
async def create_thing_0000(new: NewThing0000) -> Thing0000:
    return Thing0000(id="new", name=new.name, quantity=new.quantity, tags=new.tags)


@router.patch("/things/{thing_id}")
async def update_thing_0000(thing_id: str, changed: ChangedThing0000) -> Thing0000:
    return Thing0000(id=thing_id, name=changed.name or "thing", quantity=changed.quantity or 0)


@router.delete("/things/{thing_id}")
async def delete_thing_0000(thing_id: str) -> Deleted0000:
    return Deleted0000(id=thing_id)
