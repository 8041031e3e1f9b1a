"""The boutique in FastAPI and aiohttp: each service a process of its own, on a Unix socket."""
