"""All that others, and its own next release, can know of a service: plain data, and its JSON."""

from __future__ import annotations

import msgspec

from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.contract.description import (
    ContractDescription,
    EventDescription,
    FieldDescription,
    Shape,
    SubscriptionDescription,
    TypeDescription,
)

FORMAT = 1
"""Raised when what is written changes so that another Hanse would misread it."""


class DescriptionError(ConfigurationError):
    """A text is no description, or one of another format."""


class MarkDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """A value that says something of a person, or is a secret.

    Attributes:
        path: Where it stands.
        person: Where the id of its person stands; empty if it is of nobody.
        sealed: Whether it is kept sealed.
        searchable: Whether what equals it is found, although it is sealed.
        kept: Whether it is sealed by the key that outlives an erasure for a while.
    """

    path: str
    person: str = ""
    sealed: bool = True
    searchable: bool = False
    kept: bool = False


class IndexDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """An index.

    Attributes:
        fields: What it is of; those with `-` in front descend.
        unique: Whether no two of a site share them all.
    """

    fields: tuple[str, ...]
    unique: bool = False


class DocumentDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is stored of one kind of entity.

    Attributes:
        name: Class name, e.g. `Contact`.
        table: `crm.contacts`.
        prefix: What its ids begin with.
        fields: Those of its document, which has no columns.
        shape: The number of the form that documents are written in; older ones are lifted to it.
        soft: Whether what is deleted stays, hidden.
        immutable: Paths of what never changes.
        indexes: By their fields.
        marks: What says something of persons, by path.
        types: Every struct that fields mention, sorted by name.
    """

    name: str
    table: str
    prefix: str
    fields: tuple[FieldDescription, ...]
    shape: int = 1
    soft: bool = False
    immutable: tuple[str, ...] = ()
    indexes: tuple[IndexDescription, ...] = ()
    marks: tuple[MarkDescription, ...] = ()
    types: tuple[TypeDescription, ...] = ()


class WorkflowDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """One version of a workflow: what its journal holds at least.

    Attributes:
        name: `shop.v1.Checkout/Place`.
        version: Of the sequence of its steps.
        arguments: What an instance is given.
        result: What it gives.
        marks: What of its arguments says something of persons, by path.
        types: Every struct that these mention, sorted by name.
    """

    name: str
    version: int
    arguments: tuple[FieldDescription, ...]
    result: Shape
    marks: tuple[MarkDescription, ...] = ()
    types: tuple[TypeDescription, ...] = ()


class SettingsDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a service is told by its deployment.

    Attributes:
        section: Of `hanse.toml`, `[settings.SECTION]`.
        fields: What may stand there; of a secret neither form nor default is told.
        types: Every struct that fields mention, sorted by name.
    """

    section: str
    fields: tuple[FieldDescription, ...]
    types: tuple[TypeDescription, ...] = ()


class NeedDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """A contract that a service calls, as that service knows it.

    Attributes:
        contract: With no more than what is called, as far as that can be read from the code.
        whole: It could not be read, so that any method may be called.
    """

    contract: ContractDescription
    whole: bool = False


class ServiceDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """One service, whole.

    Attributes:
        listed: As its project lists it, `module:Class`.
        contract: What it serves.
        needs: What it calls, by name.
        tells: Events of its package, if it tells any, by name.
        takes: Methods that take events, by name.
        taken: Those events, as this service knows them, by name.
        documents: What it keeps in collections, by table.
        workflows: By name and version.
        settings: What it is told; None if it asks for none.
    """

    listed: str
    contract: ContractDescription
    needs: tuple[NeedDescription, ...] = ()
    tells: tuple[EventDescription, ...] = ()
    takes: tuple[SubscriptionDescription, ...] = ()
    taken: tuple[EventDescription, ...] = ()
    documents: tuple[DocumentDescription, ...] = ()
    workflows: tuple[WorkflowDescription, ...] = ()
    settings: SettingsDescription | None = None

    @property
    def name(self) -> str:
        """`crm.v1.Contacts`, as others call it."""
        return self.contract.full_name


class ProjectDescription(msgspec.Struct, frozen=True):
    """The services of a project, by name; `format` says how it is written."""

    project: str
    services: tuple[ServiceDescription, ...]
    format: int = FORMAT


class _Format(msgspec.Struct):
    format: int


_encode = msgspec.json.Encoder(order="deterministic").encode


def write_description(description: ProjectDescription) -> bytes:
    """Its canonical JSON: the same description always gives the same bytes."""
    return _encode(description)


def read_description(text: bytes, where: str) -> ProjectDescription:
    """A description that was written.

    Args:
        text: Its JSON.
        where: What it is called in a refusal.

    Raises:
        DescriptionError: It is none, or of another format than this release writes.
    """
    try:
        found = msgspec.json.decode(text, type=_Format).format
        if found == FORMAT:
            return msgspec.json.decode(text, type=ProjectDescription)
    except msgspec.MsgspecError as error:
        what = f"{where} is no description of services: {error}."
        raise DescriptionError(f"{what} Write one: hanse describe --json") from None
    raise DescriptionError(
        f"{where} is written in format {found}, and this Hanse reads {FORMAT}. Write it anew with "
        "this one: hanse describe --json"
    )
