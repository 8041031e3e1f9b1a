"""Contracts as an OpenAPI 3.1 document; internal methods and their types do not appear."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from hanse.runtime.contract.description import (
    AnyOf,
    ContractDescription,
    FieldDescription,
    MethodDescription,
    Scalar,
    Shape,
    UploadDescription,
)
from hanse.runtime.publish.naming import (
    TypeKey,
    contract_names,
    distinct,
    error_entries,
    error_key,
    service_names,
    type_entries,
)
from hanse.runtime.publish.outside import outside
from hanse.runtime.publish.problems import (
    error_responses,
    error_schema,
    general_responses,
    general_schemas,
)
from hanse.runtime.publish.schema import ComponentUses, SchemaWriter, component_uses

_NO_BODY = ("GET", "DELETE", "HEAD")
_NULL = Scalar("null")

FILE_NAME = {
    "name": "Content-Disposition",
    "in": "header",
    "required": False,
    "description": "How the file is called (RFC 6266).",
    "schema": {"type": "string", "examples": ["attachment; filename*=UTF-8''cv.pdf"]},
}


def openapi(
    contracts: Sequence[ContractDescription],
    *,
    title: str,
    version: str,
    servers: Sequence[str] = (),
) -> dict[str, Any]:
    """One document for all contracts, ready to be written as JSON.

    Args:
        contracts: What is served; the order is the order of the tags.
        title: Name of the whole interface.
        version: Version of the whole interface.
        servers: Absolute addresses it is served under; none means where the document lies.

    Raises:
        ValueError: Two methods have the same verb and path.
    """
    contracts = [outside(contract) for contract in contracts]
    services = service_names(contracts)
    document: dict[str, Any] = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": version},
        "tags": [{"name": services[c.full_name], "description": c.doc} for c in contracts],
        "paths": {},
        "components": {
            "schemas": general_schemas(),
            "responses": general_responses(),
            "securitySchemes": {"bearer": {"type": "http", "scheme": "bearer"}},
        },
    }
    if servers:
        document["servers"] = [{"url": url} for url in servers]
    names = _component_names(contracts)
    uses = component_uses(contracts, names)
    for contract in contracts:
        own = contract_names(names, contract.full_name)
        page = _ContractPage(contract, services[contract.full_name], own, uses)
        document["components"]["schemas"] |= page.schemas()
        for method in contract.methods:
            _add(document["paths"], method, page.operation(method))
    return document


def _component_names(contracts: Sequence[ContractDescription]) -> dict[TypeKey, str]:
    entries = [each for c in contracts for each in (*type_entries(c), *error_entries(c, "Problem"))]
    return distinct(entries, taken=general_schemas())


def _add(paths: dict[str, Any], method: MethodDescription, operation: dict[str, Any]) -> None:
    verbs = paths.setdefault(str(method.path), {})
    verb = str(method.verb).lower()
    if verb in verbs:
        raise ValueError(
            f"{method.verb} {method.path} is answered by {verbs[verb]['operationId']} and by "
            f"{operation['operationId']}; change the route of one of them."
        )
    verbs[verb] = operation


class _ContractPage:
    """The part of the document that one contract fills."""

    def __init__(
        self,
        contract: ContractDescription,
        service: str,
        names: dict[str, str],
        uses: ComponentUses,
    ) -> None:
        self._service = service
        self._writer = SchemaWriter(contract, names, uses)
        self._errors = {e.code: (e, names[error_key(e)]) for e in contract.errors}

    def schemas(self) -> dict[str, Any]:
        problems = {name: error_schema(e, self._writer) for e, name in self._errors.values()}
        return self._writer.components() | problems

    def operation(self, method: MethodDescription) -> dict[str, Any]:
        in_path, in_query, in_body = places(method)
        operation: dict[str, Any] = {
            "operationId": f"{self._service}_{method.name}",
            "tags": [self._service],
            "summary": method.doc.strip().partition("\n")[0] or method.name,
            "description": method.doc,
            "parameters": [
                *(self._parameter(argument, "path") for argument in in_path),
                *(self._parameter(argument, "query") for argument in in_query),
                *([FILE_NAME] if method.upload else []),
            ],
            "responses": self._responses(method),
            "security": [] if method.permission == "public" else [{"bearer": []}],
            "x-hanse-idempotent": method.idempotent,
            "x-hanse-permission": method.permission,
            "x-hanse-timeout-seconds": method.timeout,
        }
        if method.upload:
            operation["requestBody"] = _file_body(method.upload)
        elif method.as_it_came:
            operation["requestBody"] = _OWN_BODY
        elif in_body:
            operation["requestBody"] = self._body(in_body, alone=bool(method.body))
        return operation

    def _body(self, arguments: list[FieldDescription], *, alone: bool) -> dict[str, Any]:
        if alone:
            schema = self._writer.shape(arguments[0].shape)
        else:
            schema = self._writer.struct(tuple(arguments)) | {"additionalProperties": False}
        return {
            "required": any(argument.required for argument in arguments),
            "content": {"application/json": {"schema": schema}},
        }

    def _parameter(self, argument: FieldDescription, place: str) -> dict[str, Any]:
        shape = without_null(argument.shape)
        schema = self._writer.field(_with_shape(argument, shape))
        parameter: dict[str, Any] = {"name": argument.name, "in": place}
        parameter["required"] = place == "path" or argument.required
        if description := schema.pop("description", ""):
            parameter["description"] = description
        if place == "path" and isinstance(shape, Scalar) and shape.name == "string":
            # An empty segment is another path, so it cannot be a value.
            schema["minLength"] = max(1, schema.get("minLength", 0))
        return parameter | {"schema": schema}

    def _responses(self, method: MethodDescription) -> dict[str, Any]:
        if method.streams:
            success = {"200": self._stream(method)}
        elif method.result == _NULL:
            success = {"204": {"description": "Done; there is nothing to say."}}
        else:
            content = {"application/json": {"schema": self._writer.shape(method.result)}}
            success = {"200": {"description": "The answer.", "content": content}}
        return success | error_responses(method, self._errors)

    def _stream(self, method: MethodDescription) -> dict[str, Any]:
        text = (
            "Server-sent events. The data of each is one item as JSON; `event: end` ends the "
            "stream, `event: error` breaks it off, with a problem as data."
        )
        events = [
            _event("message", self._writer.shape(method.result)),
            _event("end", {}),
            _event("error", {"$ref": "#/components/schemas/Problem"}),
        ]
        return {
            "description": text,
            "content": {"text/event-stream": {"schema": {"oneOf": events}}},
        }


_OWN_BODY: dict[str, Any] = {
    "description": "In the form of its sender, whose bytes are taken as they are.",
    "required": True,
    "content": {"*/*": {}},
}


def _file_body(upload: UploadDescription) -> dict[str, Any]:
    """A body of bytes as they are, which has no schema (OpenAPI 3.1, 4.8.14.2)."""
    bound = f"The file as it is; {upload.max_bytes} bytes at most. Its content says its kind."
    content: dict[str, Any] = {kind: {} for kind in upload.kinds or ("*/*",)}
    return {"description": bound, "required": True, "content": content}


def _event(name: str, content: dict[str, Any]) -> dict[str, Any]:
    """A server-sent event as an object, the form OpenAPI 3.2 gives them and tools know already."""
    data = {"type": "string", "contentMediaType": "application/json", "contentSchema": content}
    return {
        "type": "object",
        "required": ["event", "data"],
        "properties": {"event": {"const": name}, "data": data},
    }


def places(method: MethodDescription) -> tuple[list[FieldDescription], ...]:
    """A method's arguments as its route has them: in the path, in the query, in the body."""
    names = path_names(str(method.path))
    in_path = [argument for argument in method.arguments if argument.name in names]
    others = [argument for argument in method.arguments if argument.name not in names]
    if method.body:
        body = [argument for argument in others if argument.name == method.body]
        return in_path, [argument for argument in others if argument not in body], body
    return (in_path, others, []) if method.verb in _NO_BODY else (in_path, [], others)


def path_names(path: str) -> list[str]:
    """Names of the arguments in a route's template."""
    return re.findall(r"\{(\w+)\}", path)


def without_null(shape: Shape) -> Shape:
    """The shape as a URL can carry it: there null is written by leaving the parameter out."""
    if not isinstance(shape, AnyOf):
        return shape
    options = tuple(option for option in shape.options if option != _NULL)
    return options[0] if len(options) == 1 else AnyOf(options)


def _with_shape(field: FieldDescription, shape: Shape) -> FieldDescription:
    return FieldDescription(field.name, shape, field.required, field.default, field.doc)
