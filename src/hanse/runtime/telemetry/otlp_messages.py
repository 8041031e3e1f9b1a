"""OTLP's messages, made of the protocol's own definitions in a pool of their own.

The distribution opentelemetry-proto has them as modules. But xds-protos, which the gateway needs,
installs old ones under the same names, and whoever is installed last wins. So `otlp.binpb` holds
the definitions: a FileDescriptorSet of what opentelemetry-proto 1.45.2 has of traces and metrics,
each file after those it builds on. Names are those of its modules.
"""

# The classes are made here, so none has a type, and protobuf brings none for its own.
# pyright: basic

from __future__ import annotations

from importlib import resources
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor_pb2 import (
    FileDescriptorSet,  # pyright: ignore[reportAttributeAccessIssue]  made when it is imported
)
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError
from google.protobuf.message_factory import GetMessageClass

if TYPE_CHECKING:
    from google.protobuf.descriptor import FileDescriptor

__all__ = [
    "DecodeError",
    "common_pb2",
    "metrics_pb2",
    "metrics_service_pb2",
    "resource_pb2",
    "trace_pb2",
    "trace_service_pb2",
]


def _modules() -> dict[str, Any]:
    """What the modules would hold, by the name of the file they are made of."""
    kept = resources.files("hanse.runtime.telemetry").joinpath("otlp.binpb").read_bytes()
    pool = DescriptorPool()
    made: dict[str, Any] = {}
    for definition in FileDescriptorSet.FromString(kept).file:
        pool.AddSerializedFile(definition.SerializeToString())
        name = definition.name.rpartition("/")[2].removesuffix(".proto")
        made[name] = _module(pool.FindFileByName(definition.name))
    return made


def _module(file: FileDescriptor) -> Any:
    messages = {
        name: GetMessageClass(message) for name, message in file.message_types_by_name.items()
    }
    enums = file.enum_types_by_name.values()
    values = {value.name: value.number for enum in enums for value in enum.values}
    return SimpleNamespace(**messages, **values)


_made = _modules()

common_pb2: Any = _made["common"]
resource_pb2: Any = _made["resource"]
trace_pb2: Any = _made["trace"]
trace_service_pb2: Any = _made["trace_service"]
metrics_pb2: Any = _made["metrics"]
metrics_service_pb2: Any = _made["metrics_service"]
