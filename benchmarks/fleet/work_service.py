"""The service of a measured project: one method that costs processor time, one that is cheap."""

import hashlib

from hanse import PUBLIC, Service, rpc

# Renewed for each machine, so that one call takes about 5 ms of processor time.
ITERATIONS = 10_000


class Work(Service, package="work.v1"):
    """Works, or says that it is there."""

    @rpc("GET /work/v1/keys/{number}", allow=PUBLIC)
    async def key(self, number: int) -> str:
        """What takes long to find and is easily checked."""
        return hashlib.pbkdf2_hmac("sha256", str(number).encode(), b"salt", ITERATIONS).hex()

    @rpc("GET /work/v1/numbers/{number}", allow=PUBLIC)
    async def number(self, number: int) -> int:
        """The same number."""
        return number
