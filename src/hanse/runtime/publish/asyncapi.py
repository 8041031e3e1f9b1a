"""What services tell each other as an AsyncAPI 3.0 document: each event a channel and a message.

https://www.asyncapi.com/docs/reference/specification/v3.0.0
"""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any, cast

from hanse.runtime.contract.description import (
    ContractDescription,
    EventDescription,
    MethodDescription,
    PostDescription,
    Ref,
    SubscriptionDescription,
    TypeDescription,
)
from hanse.runtime.publish.naming import contract_names, distinct, type_entries
from hanse.runtime.publish.schema import SchemaWriter, component_uses

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hanse.runtime.publish.naming import TypeKey

CLOUD_EVENT = "application/cloudevents+json"

_PARAMETERS = {
    "stream": {"description": "The stream of the database, as `hanse events stream` shows it."},
    "partition": {"description": "0 to 63, by `crc32(site + U+0000 + key) % 64`."},
}
_TEXT = {"type": "string"}
_SEALED = {
    "type": "string",
    "description": "Sealed: personal, opened for subscribers until its person is erased.",
}
_WORDS = {
    "subject": "The value of its key; left out where all events of a site are one order.",
    "locale": "BCP 47 tag of who caused it.",
    "traceparent": "The step that told it, as W3C Trace Context writes it.",
    "causer": "Kind and id of who caused it, `member:ada`: a fact, and no permission.",
    "causedby": "Id of the event or workflow that was being worked on.",
}
_REQUIRED = ["specversion", "id", "source", "type", "time", "site", "datacontenttype", "data"]


def asyncapi(post: PostDescription, *, title: str, version: str) -> dict[str, Any]:
    """One document for all events, ready to be written as JSON.

    Args:
        post: What is told and taken.
        title: Name of the whole interface.
        version: Version of the whole interface.
    """
    contracts = [_as_contract(event) for event in post.events]
    names = distinct(each for contract in contracts for each in type_entries(contract))
    uses = component_uses(contracts, names)
    schemas: dict[str, Any] = {}
    for contract in contracts:
        own = contract_names(names, contract.full_name)
        schemas |= SchemaWriter(contract, own, uses).components()
    schemas = {name: _as_draft_7(schema) for name, schema in schemas.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": title, "version": version},
        "defaultContentType": CLOUD_EVENT,
        "channels": {event.full_name: _channel(event) for event in post.events},
        "operations": _sent(post) | _received(post.subscriptions),
        "components": {
            "messages": {event.full_name: _message(event, names, schemas) for event in post.events},
            "schemas": schemas,
        },
    }


def _as_contract(event: EventDescription) -> ContractDescription:
    """A contract whose one method answers the event, so that schemas are those of answers."""
    data = TypeDescription(event.name, event.fields, event.doc)
    tell = MethodDescription("tell", "Tell", (), Ref(event.name), permission="")
    return ContractDescription(event.name, event.package, event.doc, (tell,), (*event.types, data))


def _channel(event: EventDescription) -> dict[str, Any]:
    return {
        "address": f"hanse.{{stream}}.{{partition}}.{event.full_name}",
        "title": event.name,
        "messages": {"event": {"$ref": f"#/components/messages/{event.full_name}"}},
        "parameters": _PARAMETERS,
    }


def _message(
    event: EventDescription, names: dict[TypeKey, str], schemas: dict[str, Any]
) -> dict[str, Any]:
    data: dict[str, Any] = {"$ref": f"#/components/schemas/{names[event.full_name, event.name]}"}
    for path, _ in event.personal:
        data = _with_sealed(data, path.split("."), schemas)
    return {
        "name": event.full_name,
        "title": event.name,
        "summary": event.doc.strip().partition("\n")[0],
        "description": event.doc,
        "contentType": CLOUD_EVENT,
        "payload": _envelope(event, data),
        "x-hanse-key": event.key,
        "x-hanse-personal": [{"field": path, "person": person} for path, person in event.personal],
    }


def _envelope(event: EventDescription, data: dict[str, Any]) -> dict[str, Any]:
    """CloudEvents 1.0, structured."""
    fixed = {
        "specversion": "1.0",
        "source": f"/{event.package}",
        "type": event.full_name,
        "datacontenttype": "application/json",
    }
    properties: dict[str, Any] = {name: {"const": value} for name, value in fixed.items()}
    properties["id"] = {"type": "string", "format": "uuid"}
    properties["time"] = {"type": "string", "format": "date-time"}
    properties["site"] = {**_TEXT, "description": "The tenant."}
    properties |= {name: {**_TEXT, "description": said} for name, said in _WORDS.items()}
    return {"type": "object", "properties": properties | {"data": data}, "required": _REQUIRED}


def _sent(post: PostDescription) -> dict[str, Any]:
    tellers = dict(post.tellers)
    return {
        f"{service}.tells.{event.full_name}": {
            "action": "send",
            "title": f"{service} tells {event.name}",
            "x-hanse-service": service,
            **_through(event.full_name),
        }
        for event in post.events
        for service in tellers.get(event.package, ())
    }


def _received(subscriptions: Sequence[SubscriptionDescription]) -> dict[str, Any]:
    return {
        f"{one.name.replace('/', '.')}.takes.{event}": {
            "action": "receive",
            "title": one.name,
            "description": one.doc,
            "x-hanse-service": one.service,
            "x-hanse-subscription": one.name,
            "x-hanse-batch": one.batch,
            **_through(event),
        }
        for one in subscriptions
        for event in one.events
    }


def _through(event: str) -> dict[str, Any]:
    channel = f"#/channels/{event}"
    return {"channel": {"$ref": channel}, "messages": [{"$ref": f"{channel}/messages/event"}]}


def _with_sealed(
    schema: dict[str, Any], path: Sequence[str], schemas: dict[str, Any]
) -> dict[str, Any]:
    """A schema with text in place of what is sealed, whatever it is in clear."""
    if not path:
        said = schema.get("description", "")
        return {**_SEALED, "description": f"{said} {_SEALED['description']}".strip()}
    if "$ref" in schema:
        schema = schemas[schema["$ref"].rpartition("/")[2]]
    schema = copy.copy(schema)
    if "anyOf" in schema:
        schema["anyOf"] = [_with_sealed(one, path, schemas) for one in schema["anyOf"]]
    if path[0] in schema.get("properties", {}):
        inner = _with_sealed(schema["properties"][path[0]], path[1:], schemas)
        schema["properties"] = schema["properties"] | {path[0]: inner}
    return schema


def _as_draft_7(schema: Any) -> Any:
    """A schema as AsyncAPI reads it: JSON Schema draft 7, a discriminator by its name alone."""
    if isinstance(schema, list):
        return [_as_draft_7(one) for one in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    given = cast("dict[str, Any]", schema)
    written = {name: _as_draft_7(value) for name, value in given.items()}
    if "prefixItems" in written:
        written["additionalItems"] = written.pop("items")
        written["items"] = written.pop("prefixItems")
    if isinstance(written.get("discriminator"), dict):
        written["discriminator"] = written["discriminator"]["propertyName"]
    return written
