"""Answers everything at once, but stalls for 200 ms before one given request; a process of its own.

`python trivial_server.py STALL_AT STATUS BODY` prints its port. STALL_AT 0 never stalls.
"""

import asyncio
import sys
import time

STALL_SECONDS = 0.2


class Answering(asyncio.Protocol):
    answered = 0

    def __init__(self, stall_at, status, body):
        self.stall_at = stall_at
        self.answer = f"HTTP/1.1 {status} X\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, _):
        Answering.answered += 1
        if Answering.answered == self.stall_at:
            time.sleep(STALL_SECONDS)  # blocks the loop, and so everybody: that is the point
        self.transport.write(self.answer)


async def main():
    stall_at, status, body = int(sys.argv[1]), sys.argv[2], sys.argv[3]
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Answering(stall_at, status, body), "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(main())
