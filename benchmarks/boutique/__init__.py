"""The load of a real shop on nine services and a storefront: Hanse, FastAPI + aiohttp, grpc.aio."""
