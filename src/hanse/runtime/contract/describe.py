"""Makes a contract's description, plain data, from what was read of its class."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import inspect as types

from hanse.runtime.config.secret import Secret
from hanse.runtime.contract.description import (
    AnyOf,
    Choice,
    ContractDescription,
    ErrorDescription,
    FieldDescription,
    Many,
    MethodDescription,
    Ref,
    Row,
    Scalar,
    ScalarName,
    Shape,
    Table,
    TypeDescription,
    UploadDescription,
)
from hanse.runtime.contract.immutable import type_name
from hanse.runtime.errors import KINDS, HanseError, fields_type

if TYPE_CHECKING:
    from collections.abc import Collection

    from hanse.runtime.contract.method import Method
    from hanse.runtime.contract.service import ContractModel

_SCALARS: dict[type[types.Type], ScalarName] = {
    types.NoneType: "null",
    types.BoolType: "boolean",
    types.IntType: "integer",
    types.FloatType: "number",
    types.StrType: "string",
    types.BytesType: "bytes",
    types.DateTimeType: "datetime",
    types.DateType: "date",
    types.TimeType: "time",
    types.TimeDeltaType: "duration",
    types.UUIDType: "uuid",
    types.DecimalType: "decimal",
}

_CONSTRAINTS = {
    "ge": "minimum", "le": "maximum", "gt": "exclusive_minimum", "lt": "exclusive_maximum",
    "multiple_of": "multiple_of", "min_length": "min_length", "max_length": "max_length",
    "pattern": "pattern",
}  # fmt: skip


def describe(contract: ContractModel, only: Collection[str] | None = None) -> ContractDescription:
    """The description of a contract; the same class always gives the same one.

    Args:
        contract: What was read of its class.
        only: Names of methods; None for all.
    """
    describer = Describer()
    wanted = (one for one in contract.methods.values() if only is None or one.name in only)
    methods = tuple(map(describer.method, wanted))
    return ContractDescription(
        name=contract.name,
        package=contract.package,
        doc=contract.doc,
        methods=methods,
        types=describer.sorted_types(),
        errors=tuple(describer.errors[code] for code in sorted(describer.errors)),
    )


class Describer:
    """Walks methods, and gathers every struct and error they mention.

    Attributes:
        types: Structs by name.
        errors: By code.
    """

    def __init__(self) -> None:
        self.types: dict[str, TypeDescription] = {}
        self.errors: dict[str, ErrorDescription] = {}

    def sorted_types(self) -> tuple[TypeDescription, ...]:
        """The structs that were mentioned, by name."""
        return tuple(self.types[name] for name in sorted(self.types))

    def shape_of(self, annotation: Any) -> Shape:
        """The shape of values of a type."""
        return self._shape(types.type_info(annotation))

    def method(self, method: Method) -> MethodDescription:
        for error in method.errors.values():
            self.errors[error.code] = self._error(error)
        return MethodDescription(
            name=method.name,
            rpc_name=method.rpc_name,
            arguments=self.fields(method.request_type),
            result=self.shape_of(method.signature.result),
            permission=str(method.rule),
            verb=method.route.verb if method.route else None,
            path=method.route.path if method.route else None,
            doc=method.doc,
            errors=tuple(method.errors),
            idempotent=method.idempotent,
            streams=method.signature.streams,
            timeout=method.timeout,
            body=method.body,
            upload=_upload(method),
            as_it_came=method.as_it_came,
        )

    def _error(self, error: type[HanseError]) -> ErrorDescription:
        kind = next(kind for kind in (*KINDS, HanseError) if issubclass(error, kind))
        inherited = {field.name for field in msgspec.structs.fields(fields_type(kind))}
        fields = self.fields(fields_type(error))
        return ErrorDescription(
            code=error.code,
            kind=kind.code,
            status=error.status,
            title=error.title,
            doc=inspect.cleandoc(error.__doc__ or ""),
            fields=tuple(field for field in fields if field.name not in inherited),
        )

    def fields(self, struct: type[msgspec.Struct]) -> tuple[FieldDescription, ...]:
        """Those of a struct, which itself is not entered."""
        info = types.type_info(struct)
        assert isinstance(info, types.StructType)
        return tuple(self._field(field) for field in info.fields)

    def _field(self, field: types.Field) -> FieldDescription:
        default = _plain_default(field)
        return FieldDescription(
            name=field.encode_name,
            shape=self._shape(field.type),
            required=field.required,
            default=default,
            doc=_doc(field.type),
            write_only=_is_write_only(field.type),
        )

    def _shape(self, info: types.Type) -> Shape:
        match info:
            case types.Metadata():
                return self._shape(info.type)
            case types.StructType():
                return self._struct(info)
            case types.UnionType():
                return AnyOf(tuple(self._shape(option) for option in info.types))
            case types.DictType():
                return Table(self._shape(info.value_type))
            case types.TupleType():
                return Row(tuple(self._shape(item) for item in info.item_types))
            case types.CollectionType():
                unique = isinstance(info, (types.FrozenSetType, types.SetType))
                return Many(self._shape(info.item_type), unique, info.min_length, info.max_length)
            case types.EnumType():
                return Choice(info.cls.__name__, tuple(member.value for member in info.cls))
            case types.LiteralType():
                return Choice(
                    "", tuple(value for value in info.values if isinstance(value, (str, int)))
                )
            case _:
                return _scalar(info)

    def _struct(self, info: types.StructType) -> Ref:
        name = type_name(info.cls)
        if name not in self.types:
            # Entered before its fields are walked, so that a type may mention itself.
            self.types[name] = TypeDescription(name, ())
            self.types[name] = TypeDescription(
                name=name,
                fields=tuple(self._field(field) for field in info.fields),
                doc=_struct_doc(info.cls),
                tag_field=info.tag_field,
                tag=info.tag,
                left_out=_left_out(info.cls),
            )
        return Ref(name)


def _upload(method: Method) -> UploadDescription | None:
    accepts = method.upload
    return accepts and UploadDescription(accepts.kinds, accepts.max_bytes)


def _left_out(cls: Any) -> tuple[str, ...]:
    """Fields that its JSON lacks where they are at their defaults."""
    plain: type[msgspec.Struct] = cls if isinstance(cls, type) else cls.__origin__
    fields = msgspec.structs.fields(plain)
    omits = plain.__struct_config__.omit_defaults
    return tuple(
        one.encode_name
        for one in fields
        if (omits and not one.required) or one.default is msgspec.UNSET
    )


def _struct_doc(cls: Any) -> str:
    plain = cls if isinstance(cls, type) else cls.__origin__
    return inspect.cleandoc(plain.__dict__.get("__doc__") or "")


def _scalar(info: types.Type) -> Scalar:
    name = _SCALARS.get(type(info), "any")
    given = {ours: getattr(info, theirs, None) for theirs, ours in _CONSTRAINTS.items()}
    return Scalar(name, **{key: value for key, value in given.items() if value is not None})


def _plain_default(field: types.Field) -> Any:
    """The default as it looks in JSON."""
    default: Any = field.default
    if field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    if default is msgspec.NODEFAULT:
        return None
    return msgspec.json.decode(msgspec.json.encode(default, enc_hook=_hidden))


def _hidden(value: object) -> None:
    """What is told of a value without a JSON form of its own, which is a secret: nothing."""
    if not isinstance(value, Secret):
        raise TypeError(f"{type(value).__name__} has no JSON form")


def _is_write_only(info: types.Type) -> bool:
    """Whether a field is taken and never answered."""
    if isinstance(info, types.UnionType):
        return any(map(_is_write_only, info.types))
    return isinstance(info, types.Metadata) and (
        "writeOnly" in (cast("Any", info).extra_json_schema or {}) or _is_write_only(info.type)
    )


def _doc(info: types.Type) -> str:
    if not isinstance(info, types.Metadata):
        return ""
    extra: dict[str, Any] = cast("Any", info).extra_json_schema or {}
    return str(extra.get("description", ""))
