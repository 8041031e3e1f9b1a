"""What the two gRPC services and their load share: generated types, and the check of an order.

Protobuf checks types only, so the lengths and ranges pydantic checks for FastAPI stand here.
"""
# What it measures is only in `.venvs/bench`, where pyright does not look.
# pyright: basic, reportMissingImports=false

import grpc

from benchmarks.tracing import continue_trace

# Compiles the .proto at start; the resulting code is the one protoc would have written.
messages, services = grpc.protos_and_services("benchmarks/calls/shop.proto")


async def check(order, context) -> None:
    if not 1 <= len(order.items) <= 100:
        await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "items: 1 to 100 wanted")
    for item in order.items:
        if not 1 <= len(item.sku) <= 32 or not 1 <= item.quantity <= 1000:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "sku or quantity out of range")


def traced(context) -> str:
    for key, value in context.invocation_metadata():
        if key == "traceparent":
            return continue_trace(value)
    return continue_trace(None)


async def serve(servicer, address: str) -> None:
    server = grpc.aio.server()
    services.add_ShopServicer_to_server(servicer, server)
    server.add_insecure_port(address)
    await server.start()
    await server.wait_for_termination()
