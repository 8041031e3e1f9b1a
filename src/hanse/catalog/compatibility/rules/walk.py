"""Walks what is written and what is read side by side, and asks the rules at each place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hanse.catalog.compatibility.rules.enums import enum_hits
from hanse.catalog.compatibility.rules.fields import lacking_hits, presence_hits, untaken_hits
from hanse.catalog.compatibility.rules.types import (
    TEXTS,
    null_hits,
    option_hits,
    order_hits,
    reads,
    tag_hits,
    type_hits,
)
from hanse.catalog.compatibility.rules.validation import bounds_hits, choice_hits
from hanse.runtime.contract.description import AnyOf, Choice, Many, Ref, Row, Scalar, Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from hanse.catalog.compatibility.finding import Hit
    from hanse.catalog.compatibility.rules.flow import Flow
    from hanse.runtime.contract.description import FieldDescription, Shape

NULL = Scalar("null")


class Walk:
    """One walk over all that flows one way; structs that were met are not entered again.

    Args:
        flow: Between whom.
    """

    def __init__(self, flow: Flow) -> None:
        self._flow = flow
        self._met: set[tuple[str, str]] = set()

    def fields(
        self,
        place: str,
        written: Sequence[FieldDescription],
        read: Sequence[FieldDescription],
        left_out: Collection[str] = (),
    ) -> Iterator[Hit]:
        """What is told of two structs' fields.

        Args:
            place: Of the struct; where it is no value of something else, with a space at its end.
            written: As who writes them knows them.
            read: As who reads them does.
            left_out: Those that may be lacking.
        """
        there = {field.name: field for field in written}
        for field in read:
            where = _below(place, field.name)
            found = there.pop(field.name, None)
            if found is None:
                yield from lacking_hits(self._flow, where, field)
                continue
            lacking = found.name in left_out
            yield from presence_hits(self._flow, where, found, field, left_out=lacking)
            yield from self.shape(where, found.shape, field.shape)
        for name in there:
            yield from untaken_hits(self._flow, _below(place, name))

    def shape(self, place: str, written: Shape, read: Shape) -> Iterator[Hit]:
        """What is told of two shapes."""
        if read == Scalar("any"):
            return
        options, others = _options(written), _options(read)
        if NULL in options and NULL not in others:
            yield from null_hits(self._flow, place)
        writes = [one for one in options if one != NULL]
        takes = [one for one in others if one != NULL]
        if len(writes) == len(takes) == 1:
            yield from self._plain(place, writes[0], takes[0])
            return
        for one in writes:
            found = next((each for each in takes if self._is_for(one, each)), None)
            if found is None:
                yield from option_hits(self._flow, place, one)
            else:
                yield from self._plain(place, one, found)

    def _is_for(self, written: Shape, read: Shape) -> bool:
        """Whether among several options it is this one that a value is read by."""
        match written, read:
            case Ref(), Ref():
                one, other = self._flow.written[written.name], self._flow.read[read.name]
                return (one.tag_field, one.tag) == (other.tag_field, other.tag)
            case Scalar(), Scalar():
                return reads(read, written)
            case Choice(), Choice():
                return True
            case Choice(values=values), Scalar(name=name):
                return name == ("string" if isinstance(values[0], str) else "integer")
            case _:
                return type(written) is type(read)

    def _plain(self, place: str, written: Shape, read: Shape) -> Iterator[Hit]:
        flow = self._flow
        match written, read:
            case Scalar(), Scalar() if reads(read, written):
                yield from bounds_hits(flow, place, written, read)
            case Ref(), Ref():
                yield from self._struct(place, written, read)
            case Many(), Many():
                yield from order_hits(flow, place, written, read)
                yield from bounds_hits(flow, place, written, read)
                yield from self.shape(f"{place}[]", written.item, read.item)
            case Table(), Table():
                yield from self.shape(f"{place}{{}}", written.value, read.value)
            case Row(), Row() if len(written.items) == len(read.items):
                for at, pair in enumerate(zip(written.items, read.items, strict=True)):
                    yield from self.shape(f"{place}[{at}]", *pair)
            case Choice(), Choice():
                yield from enum_hits(flow, place, written, read)
            case Choice(), Scalar(name="string" | "integer" | "number") if _same(written, read):
                yield from choice_hits(flow, place, written, read)
            case Scalar(), Choice() if _same(read, written):
                yield from enum_hits(flow, place, written, read)
            case _:
                yield from type_hits(flow, place, written, read)

    def _struct(self, place: str, written: Ref, read: Ref) -> Iterator[Hit]:
        if (written.name, read.name) in self._met:
            return
        self._met.add((written.name, read.name))
        one, other = self._flow.written[written.name], self._flow.read[read.name]
        yield from tag_hits(self._flow, place, one, other)
        yield from self.fields(place, one.fields, other.fields, one.left_out)


def _below(place: str, name: str) -> str:
    return f"{place}{name}" if place.endswith(" ") else f"{place}.{name}"


def _options(shape: Shape) -> tuple[Shape, ...]:
    return shape.options if isinstance(shape, AnyOf) else (shape,)


def _same(choice: Choice, scalar: Scalar) -> bool:
    """Whether the values of a choice are what a scalar is."""
    texts = [isinstance(value, str) for value in choice.values]
    return all(texts) if scalar.name in TEXTS else not any(texts)
