"""The boutique in grpc.aio: each service a process of its own, on a Unix socket."""
