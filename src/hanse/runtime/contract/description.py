"""A contract as plain data: everything that is published, compared or generated comes from here."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

ScalarName = Literal[
    "string", "integer", "number", "boolean", "bytes", "datetime", "date", "time", "duration",
    "uuid", "decimal", "any", "null",
]  # fmt: skip


class Scalar(msgspec.Struct, frozen=True, tag="scalar", omit_defaults=True):
    """A value without parts. Constraints are inclusive unless named otherwise."""

    name: ScalarName
    minimum: float | None = None
    maximum: float | None = None
    exclusive_minimum: float | None = None
    exclusive_maximum: float | None = None
    multiple_of: float | None = None
    min_length: int | None = None
    max_length: int | None = None
    pattern: str | None = None


class Choice(msgspec.Struct, frozen=True, tag="choice"):
    """One of a few literal values; `name` is the enum's, empty for a `Literal`."""

    name: str
    values: tuple[str | int, ...]


class Many(msgspec.Struct, frozen=True, tag="many", omit_defaults=True):
    """A sequence (`tuple[T, ...]`), or a set when `unique`."""

    item: Shape
    unique: bool = False
    min_length: int | None = None
    max_length: int | None = None


class Row(msgspec.Struct, frozen=True, tag="row"):
    """A tuple of fixed length, each place with its own shape."""

    items: tuple[Shape, ...]


class Table(msgspec.Struct, frozen=True, tag="table"):
    """A map from strings to one shape."""

    value: Shape


class Ref(msgspec.Struct, frozen=True, tag="ref"):
    """A struct, named in the contract's `types`."""

    name: str


class AnyOf(msgspec.Struct, frozen=True, tag="any_of"):
    """A union: `T | None`, or structs told apart by their tag."""

    options: tuple[Shape, ...]


Shape = Scalar | Choice | Many | Row | Table | Ref | AnyOf


class FieldDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field of a struct or one argument of a method, by its name on the wire."""

    name: str
    shape: Shape
    required: bool = True
    default: Any = None
    doc: str = ""
    write_only: bool = False


class TypeDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """A struct. With `tag`, its JSON carries `{tag_field: tag}` beside the fields.

    Attributes:
        left_out: Names of fields that its JSON lacks where they are at their defaults.
    """

    name: str
    fields: tuple[FieldDescription, ...]
    doc: str = ""
    tag_field: str | None = None
    tag: str | int | None = None
    left_out: tuple[str, ...] = ()


class ErrorDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """An error a method declares: `kind` is the platform's code it specialises."""

    code: str
    kind: str
    status: int
    title: str
    doc: str = ""
    fields: tuple[FieldDescription, ...] = ()


class UploadDescription(msgspec.Struct, frozen=True):
    """A body that is a file as it is: media types it may be of, none for any, and its bound."""

    kinds: tuple[str, ...]
    max_bytes: int


class MethodDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """One method.

    Attributes:
        name: The Python name, e.g. `merge_contacts`.
        rpc_name: The Connect name, e.g. `MergeContacts`.
        verb: HTTP verb of the resource route; None when the method has none and is internal.
        path: Route template, e.g. `/crm/v1/contacts/{contact_id}:merge`.
        arguments: All arguments; those named in the path come from there, the rest from the
            query (GET, DELETE) or from the JSON body.
        result: Shape of the answer, or of one item when `streams`.
        permission: Who may call, as the declaration writes it: `public` or `crm.contacts.read`.
        errors: Codes of declared errors, in the contract's `errors`.
        idempotent: Whether a repeat does no harm, so that a client may retry.
        timeout: Seconds the method may take at most.
        body: The argument that is the body by itself; the others are in path and query then.
        upload: What is said of the body where that is a file as it is.
        as_it_came: Whether the body is of a form of its sender's own, and its bytes are taken.
    """

    name: str
    rpc_name: str
    arguments: tuple[FieldDescription, ...]
    result: Shape
    permission: str
    verb: str | None = None
    path: str | None = None
    doc: str = ""
    errors: tuple[str, ...] = ()
    idempotent: bool = False
    streams: bool = False
    timeout: float = 30.0
    body: str = ""
    upload: UploadDescription | None = None
    as_it_came: bool = False


class ContractDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """One contract, whole.

    Attributes:
        name: Class name, e.g. `Contacts`.
        package: Domain and version, e.g. `crm.v1`; the Connect path of a method is
            `/{package}.{name}/{rpc_name}`.
        types: Every struct that methods and errors mention, sorted by name.
    """

    name: str
    package: str
    doc: str
    methods: tuple[MethodDescription, ...]
    types: tuple[TypeDescription, ...] = ()
    errors: tuple[ErrorDescription, ...] = ()

    @property
    def full_name(self) -> str:
        """`crm.v1.Contacts`."""
        return f"{self.package}.{self.name}"


class EventDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """One event, whole.

    Attributes:
        name: Class name, e.g. `JobPublished`.
        package: Domain and version, e.g. `hiring.v1`.
        fields: What it tells.
        key: The field that orders, as a path; empty where all of a site is one order.
        doc: What it is.
        personal: Paths of fields that leave sealed, and where the id of their person stands.
        types: Every struct that fields mention, sorted by name.
    """

    name: str
    package: str
    fields: tuple[FieldDescription, ...]
    key: str = ""
    doc: str = ""
    personal: tuple[tuple[str, str], ...] = ()
    types: tuple[TypeDescription, ...] = ()

    @property
    def full_name(self) -> str:
        """`hiring.v1.JobPublished`."""
        return f"{self.package}.{self.name}"


class SubscriptionDescription(msgspec.Struct, frozen=True, omit_defaults=True):
    """One method that takes events.

    Attributes:
        name: Under which it is kept how far it came, `hiring.v1.Notices/notify`.
        service: Whose method it is.
        events: Full names of what it takes.
        doc: What it does with them.
        batch: How many it takes at once; 0 where it takes one.
    """

    name: str
    service: str
    events: tuple[str, ...]
    doc: str = ""
    batch: int = 0


class PostDescription(msgspec.Struct, frozen=True):
    """What services tell each other.

    Attributes:
        events: All that are told or taken here, by full name.
        tellers: Services that tell events, by their package, whose events they are.
        subscriptions: Methods that take them, by name.
    """

    events: tuple[EventDescription, ...] = ()
    tellers: tuple[tuple[str, tuple[str, ...]], ...] = ()
    subscriptions: tuple[SubscriptionDescription, ...] = ()
