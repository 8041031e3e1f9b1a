"""Describes what a service keeps: documents of its collections, and what its workflows hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args, get_origin

from hanse.runtime.contract.describe import Describer
from hanse.runtime.data.collection.collection import Collection
from hanse.runtime.description.service_description import (
    DocumentDescription,
    IndexDescription,
    MarkDescription,
    WorkflowDescription,
)
from hanse.runtime.wiring import kept_in_database
from hanse.runtime.workflows.model import WorkflowModel

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hanse.runtime.data.entity.model import EntityModel
    from hanse.runtime.data.entity.personal import PersonalLeaf
    from hanse.runtime.data.entity.table_index import TableIndex


def describe_documents(service: type) -> tuple[DocumentDescription, ...]:
    """What a service keeps in collections, by table.

    Raises:
        WiringError: The types of its constructor cannot be read.
    """
    kinds = kept_in_database((service,))
    models = {
        model.full_table: model
        for kind in kinds
        if get_origin(kind) is Collection
        for model in [get_args(kind)[0].__entity__]
    }
    return tuple(describe_document(models[table]) for table in sorted(models))


def describe_document(model: EntityModel) -> DocumentDescription:
    """The description of one kind of entity."""
    describer = Describer()
    fields = describer.fields(model.cls)
    return DocumentDescription(
        name=model.cls.__name__,
        table=model.full_table,
        prefix=model.prefix,
        fields=tuple(one for one in fields if one.name not in model.columns),
        shape=model.shape,
        soft=model.soft,
        immutable=tuple(sorted(one.name for one in model.immutable)),
        indexes=tuple(sorted(map(_index, model.indexes), key=lambda one: one.fields)),
        marks=_marks((*model.personal, *model.sealed)),
        types=describer.sorted_types(),
    )


def describe_workflows(service: type) -> tuple[WorkflowDescription, ...]:
    """All versions of the workflows of a service, by name and version."""
    models = [one for one in getattr(service, "__unasked__", ()) if isinstance(one, WorkflowModel)]
    return tuple(_workflow(one) for one in sorted(models, key=lambda one: (one.name, one.version)))


def _workflow(model: WorkflowModel) -> WorkflowDescription:
    describer = Describer()
    return WorkflowDescription(
        name=model.name,
        version=model.version,
        arguments=describer.fields(model.method.request_type),
        result=describer.shape_of(model.method.signature.result),
        marks=_marks(model.given.leaves) if model.given else (),
        types=describer.sorted_types(),
    )


def _index(index: TableIndex) -> IndexDescription:
    parts = ((".".join(path), down) for path, down in index.shape.parts)
    return IndexDescription(
        tuple(f"-{name}" if down else name for name, down in parts), index.shape.unique
    )


def _marks(leaves: Iterable[PersonalLeaf]) -> tuple[MarkDescription, ...]:
    marks = {
        MarkDescription(
            path=one.leaf.name,
            person=".".join(one.person),
            sealed=one.sealed,
            searchable=one.searchable,
            kept=bool(one.purpose),
        )
        for one in leaves
    }
    return tuple(sorted(marks, key=lambda one: one.path))
