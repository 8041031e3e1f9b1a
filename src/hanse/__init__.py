"""Hanse: a platform as a runtime for backends. These names are all that a service needs."""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from msgspec import Meta, Struct

    from hanse.kit.clock import Clock
    from hanse.runtime.broker.broker_config import BrokerConfig
    from hanse.runtime.call.admission import Limits
    from hanse.runtime.call.context import Context, current
    from hanse.runtime.call.deadline import remaining, within
    from hanse.runtime.client import Client
    from hanse.runtime.config.configuration_error import ConfigurationError
    from hanse.runtime.config.secret import Secret
    from hanse.runtime.config.settings import Settings, Sources
    from hanse.runtime.contract.declaration import rpc
    from hanse.runtime.contract.file import Accepts, File, RefusedFiles
    from hanse.runtime.contract.mistakes import DeclarationError
    from hanse.runtime.contract.pages.cookie import Cookie, SetCookie
    from hanse.runtime.contract.pages.document import Document
    from hanse.runtime.contract.pages.html import Html
    from hanse.runtime.contract.pages.page import form, form_key, page
    from hanse.runtime.contract.pages.redirect import Redirect
    from hanse.runtime.contract.rules import Doc, Instant, Length, Pattern, Range
    from hanse.runtime.contract.service import Contract, Service
    from hanse.runtime.credentials.api_key import KeyMint, StoredKey
    from hanse.runtime.credentials.issuer import Claims, Issuer
    from hanse.runtime.data.collection.backfill import Backfill, BackfillProgress
    from hanse.runtime.data.collection.collection import Collection
    from hanse.runtime.data.collection.conflict import Duplicate, RevisionConflict
    from hanse.runtime.data.collection.outcome import (
        Batch,
        Count,
        Failure,
        Outcome,
        Outcomes,
        Page,
        Parts,
    )
    from hanse.runtime.data.database import Database
    from hanse.runtime.data.database_config import DatabaseConfig
    from hanse.runtime.data.entity.entity import Entity, entity
    from hanse.runtime.data.entity.marks import (
        Immutable,
        Index,
        Indexed,
        Keep,
        Personal,
        Ref,
        Retention,
        Searchable,
        Unique,
    )
    from hanse.runtime.data.entity.part import Part
    from hanse.runtime.data.entity.upcast import upcast
    from hanse.runtime.data.files.files import Files
    from hanse.runtime.data.files.store_config import FileStoreConfig
    from hanse.runtime.data.people.erased import Erased, ErasedRows, KeptValues
    from hanse.runtime.data.people.people import People
    from hanse.runtime.data.query.refusal import QueryNotServed
    from hanse.runtime.data.record import Record
    from hanse.runtime.data.resource.resource import Changes, Resource
    from hanse.runtime.data.rows.statement import sql
    from hanse.runtime.data.rows.store import Store
    from hanse.runtime.errors import (
        Aborted,
        AlreadyExists,
        Canceled,
        DeadlineExceeded,
        FailedPrecondition,
        HanseError,
        Internal,
        InvalidArgument,
        NotFound,
        OutOfRange,
        PermissionDenied,
        ResourceExhausted,
        Unauthenticated,
        Unavailable,
        Unimplemented,
        Violation,
    )
    from hanse.runtime.events.event import Event, event
    from hanse.runtime.events.events import Events
    from hanse.runtime.host import Host
    from hanse.runtime.host_config import HostConfig
    from hanse.runtime.http.cors import Cors
    from hanse.runtime.identity.permission import PUBLIC, SIGNED_IN, Rule, kind, permission
    from hanse.runtime.identity.principal import Principal
    from hanse.runtime.mutual.tls import Tls
    from hanse.runtime.offload import Offload, OffloadFailed
    from hanse.runtime.subscriptions.declared.declaration import Delivery, subscribe
    from hanse.runtime.workflows.declaration import Limit, workflow
    from hanse.runtime.workflows.failure import WorkflowCanceled
    from hanse.runtime.workflows.info import Instance
    from hanse.runtime.workflows.retry import Retry
    from hanse.runtime.workflows.run import Run
    from hanse.runtime.workflows.schedules.schedule import Schedule
    from hanse.runtime.workflows.workflows import Workflows

__all__ = [
    "PUBLIC",
    "SIGNED_IN",
    "Aborted",
    "Accepts",
    "AlreadyExists",
    "Backfill",
    "BackfillProgress",
    "Batch",
    "BrokerConfig",
    "Canceled",
    "Changes",
    "Claims",
    "Client",
    "Clock",
    "Collection",
    "ConfigurationError",
    "Context",
    "Contract",
    "Cookie",
    "Cors",
    "Count",
    "Database",
    "DatabaseConfig",
    "DeadlineExceeded",
    "DeclarationError",
    "Delivery",
    "Doc",
    "Document",
    "Duplicate",
    "Entity",
    "Erased",
    "ErasedRows",
    "Event",
    "Events",
    "FailedPrecondition",
    "Failure",
    "File",
    "FileStoreConfig",
    "Files",
    "HanseError",
    "Host",
    "HostConfig",
    "Html",
    "Immutable",
    "Index",
    "Indexed",
    "Instance",
    "Instant",
    "Internal",
    "InvalidArgument",
    "Issuer",
    "Keep",
    "KeptValues",
    "KeyMint",
    "Length",
    "Limit",
    "Limits",
    "Meta",
    "NotFound",
    "Offload",
    "OffloadFailed",
    "OutOfRange",
    "Outcome",
    "Outcomes",
    "Page",
    "Part",
    "Parts",
    "Pattern",
    "People",
    "PermissionDenied",
    "Personal",
    "Principal",
    "QueryNotServed",
    "Range",
    "Record",
    "Redirect",
    "Ref",
    "RefusedFiles",
    "Resource",
    "ResourceExhausted",
    "Retention",
    "Retry",
    "RevisionConflict",
    "Rule",
    "Run",
    "Schedule",
    "Searchable",
    "Secret",
    "Service",
    "SetCookie",
    "Settings",
    "Sources",
    "Store",
    "StoredKey",
    "Struct",
    "Tls",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Unique",
    "Violation",
    "WorkflowCanceled",
    "Workflows",
    "current",
    "entity",
    "event",
    "form",
    "form_key",
    "kind",
    "page",
    "permission",
    "remaining",
    "rpc",
    "sql",
    "subscribe",
    "upcast",
    "within",
    "workflow",
]

_ERRORS = (
    "Aborted AlreadyExists Canceled DeadlineExceeded FailedPrecondition HanseError Internal "
    "InvalidArgument NotFound OutOfRange PermissionDenied ResourceExhausted Unauthenticated "
    "Unavailable Unimplemented Violation"
)

# Imported when first asked for, so that `hanse --help` need not load a server.
_HOMES = {
    "msgspec": "Meta Struct",
    "hanse.kit.clock": "Clock",
    "hanse.runtime.broker.broker_config": "BrokerConfig",
    "hanse.runtime.call.admission": "Limits",
    "hanse.runtime.call.context": "Context current",
    "hanse.runtime.call.deadline": "remaining within",
    "hanse.runtime.client": "Client",
    "hanse.runtime.contract.declaration": "rpc",
    "hanse.runtime.contract.file": "Accepts File RefusedFiles",
    "hanse.runtime.contract.mistakes": "DeclarationError",
    "hanse.runtime.contract.pages.cookie": "Cookie SetCookie",
    "hanse.runtime.contract.pages.document": "Document",
    "hanse.runtime.contract.pages.html": "Html",
    "hanse.runtime.contract.pages.page": "form form_key page",
    "hanse.runtime.contract.pages.redirect": "Redirect",
    "hanse.runtime.contract.rules": "Doc Instant Length Pattern Range",
    "hanse.runtime.contract.service": "Contract Service",
    "hanse.runtime.data.collection.outcome": "Batch Count Failure Outcome Outcomes Page Parts",
    "hanse.runtime.data.collection.backfill": "Backfill BackfillProgress",
    "hanse.runtime.data.collection.collection": "Collection",
    "hanse.runtime.data.entity.upcast": "upcast",
    "hanse.runtime.data.collection.conflict": "Duplicate RevisionConflict",
    "hanse.runtime.data.entity.entity": "Entity entity",
    "hanse.runtime.data.entity.marks": (
        "Immutable Index Indexed Keep Personal Ref Retention Searchable Unique"
    ),
    "hanse.runtime.data.entity.part": "Part",
    "hanse.runtime.data.resource.resource": "Changes Resource",
    "hanse.runtime.data.query.refusal": "QueryNotServed",
    "hanse.runtime.data.database": "Database",
    "hanse.runtime.data.database_config": "DatabaseConfig",
    "hanse.runtime.data.files.files": "Files",
    "hanse.runtime.data.files.store_config": "FileStoreConfig",
    "hanse.runtime.data.record": "Record",
    "hanse.runtime.data.people.erasing": "Erased ErasedRows KeptValues",
    "hanse.runtime.data.people.people": "People",
    "hanse.runtime.data.rows.statement": "sql",
    "hanse.runtime.data.rows.store": "Store",
    "hanse.runtime.errors": _ERRORS,
    "hanse.runtime.events.event": "Event event",
    "hanse.runtime.events.events": "Events",
    "hanse.runtime.host": "Host",
    "hanse.runtime.host_config": "HostConfig",
    "hanse.runtime.credentials.api_key": "KeyMint StoredKey",
    "hanse.runtime.credentials.issuer": "Claims Issuer",
    "hanse.runtime.identity.permission": "PUBLIC SIGNED_IN Rule kind permission",
    "hanse.runtime.identity.principal": "Principal",
    "hanse.runtime.offload": "Offload OffloadFailed",
    "hanse.runtime.subscriptions.declared.declaration": "Delivery subscribe",
    "hanse.runtime.workflows.declaration": "Limit workflow",
    "hanse.runtime.workflows.failure": "WorkflowCanceled",
    "hanse.runtime.workflows.info": "Instance",
    "hanse.runtime.workflows.retry": "Retry",
    "hanse.runtime.workflows.run": "Run",
    "hanse.runtime.workflows.schedules.schedule": "Schedule",
    "hanse.runtime.workflows.workflows": "Workflows",
    "hanse.runtime.config.configuration_error": "ConfigurationError",
    "hanse.runtime.config.secret": "Secret",
    "hanse.runtime.http.cors": "Cors",
    "hanse.runtime.mutual.tls": "Tls",
    "hanse.runtime.config.settings": "Settings Sources",
}


def __getattr__(name: str) -> Any:
    for home, names in _HOMES.items():
        if name in names.split():
            return globals().setdefault(name, getattr(import_module(home), name))
    raise AttributeError(f"module 'hanse' has no attribute {name!r}")
