"""The errors of operations as OpenAPI responses: RFC 9457 problems, general ones shared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hanse.runtime.contract.description import ErrorDescription, MethodDescription
from hanse.runtime.errors import (
    DeadlineExceeded,
    HanseError,
    Internal,
    InvalidArgument,
    PermissionDenied,
    ResourceExhausted,
    Unauthenticated,
    Unavailable,
)
from hanse.runtime.publish.schema import SchemaWriter

_GENERAL: tuple[type[HanseError], ...] = (
    InvalidArgument,
    ResourceExhausted,
    Internal,
    Unavailable,
    DeadlineExceeded,
)
_SIGNED_IN: tuple[type[HanseError], ...] = (Unauthenticated, PermissionDenied)
_RETRY = (ResourceExhausted.status, Unavailable.status)
_PROBLEM = "#/components/schemas/Problem"

_VIOLATIONS: dict[str, Any] = {
    "type": "array",
    "description": "One entry for each rule that the request broke.",
    "items": {
        "type": "object",
        "required": ["field", "rule", "message"],
        "properties": {
            "field": {"type": "string", "description": "Path of the value, e.g. `items[2].name`."},
            "rule": {"type": "string", "description": "What was expected."},
            "message": {"type": "string", "description": "What was given and what is allowed."},
        },
    },
}


def general_schemas() -> dict[str, Any]:
    """The schema of any problem, and of the one that lists violations."""
    return {
        "Problem": _problem({"type": "string"}, None),
        "InvalidArgumentProblem": _problem({"const": "invalid_argument"}, 400)
        | {"title": InvalidArgument.title},
    }


def error_schema(error: ErrorDescription, writer: SchemaWriter) -> dict[str, Any]:
    """The schema of the problem a declared error is told as."""
    schema: dict[str, Any] = _problem({"const": error.code}, error.status)
    schema["title"] = error.title
    if error.doc:
        schema["description"] = error.doc
    # What a fault of ours holds is for the log; the outside sees none of it.
    if error.fields and error.kind != "internal":
        schema["properties"]["fields"] = writer.struct(error.fields)
        schema["required"].append("fields")
    if error.kind != "invalid_argument":
        del schema["properties"]["violations"]
    return schema


def general_responses() -> dict[str, Any]:
    """What any operation may answer, for `components/responses`."""
    shared = {
        kind.__name__: _response(kind.title, kind.status, [_general_ref(kind)])
        for kind in (*_GENERAL, *_SIGNED_IN)
    }
    return {**shared, "Problem": _response("Any other failure", 0, [_PROBLEM])}


def error_responses(
    method: MethodDescription, declared: Mapping[str, tuple[ErrorDescription, str]]
) -> dict[str, Any]:
    """The responses of one operation that are not success, by status.

    Args:
        method: Whose errors are described.
        declared: By code, the contract's declared errors and the names of their schemas.
    """
    general = _GENERAL if method.permission == "public" else (*_GENERAL, *_SIGNED_IN)
    own = [declared[code] for code in method.errors]
    responses: dict[str, Any] = {}
    statuses = {kind.status for kind in general} | {error.status for error, _ in own}
    for status in sorted(statuses):
        shared = [kind for kind in general if kind.status == status]
        special = [(error, name) for error, name in own if error.status == status]
        responses[str(status)] = _joint(shared, special)
    responses["default"] = {"$ref": "#/components/responses/Problem"}
    return responses


def _joint(
    shared: list[type[HanseError]], special: list[tuple[ErrorDescription, str]]
) -> dict[str, Any]:
    """One response for all errors of one status."""
    codes = {error.code for error, _ in special}
    shared = [kind for kind in shared if kind.code not in codes]
    if not special:
        return {"$ref": f"#/components/responses/{shared[0].__name__}"}
    titles = [*(kind.title for kind in shared), *(error.title for error, _ in special)]
    refs = [
        *(_general_ref(kind) for kind in shared),
        *(f"#/components/schemas/{name}" for _, name in special),
    ]
    return _response("; ".join(dict.fromkeys(titles)), special[0][0].status, refs)


def _response(description: str, status: int, refs: list[str]) -> dict[str, Any]:
    options = [{"$ref": ref} for ref in dict.fromkeys(refs)]
    schema = options[0] if len(options) == 1 else {"anyOf": options}
    response: dict[str, Any] = {
        "description": description,
        "content": {"application/problem+json": {"schema": schema}},
    }
    if status in _RETRY:
        response["headers"] = {
            "Retry-After": {
                "description": "Seconds after which another try makes sense.",
                "schema": {"type": "integer", "minimum": 0},
            }
        }
    return response


def _general_ref(kind: type[HanseError]) -> str:
    return "#/components/schemas/InvalidArgumentProblem" if kind is InvalidArgument else _PROBLEM


def _problem(code: dict[str, Any], status: int | None) -> dict[str, Any]:
    """An RFC 9457 problem of one code, or of any when `status` is None."""
    urn = {"const": f"urn:hanse:error:{code['const']}"} if status else {"type": "string"}
    return {
        "type": "object",
        "required": ["type", "title", "status", "code"],
        "properties": {
            "type": urn,
            "title": {"type": "string", "description": "What kind of failure this is."},
            "status": {"const": status} if status else {"type": "integer"},
            "detail": {"type": "string", "description": "What happened this time."},
            "code": code | {"description": "Stable; what programs decide on."},
            "trace_id": {"type": "string", "description": "What to quote when asking about it."},
            "fields": {"type": "object", "description": "The declared fields of the error."},
            "violations": _VIOLATIONS,
        },
    }
