"""Users of a fleet who ask without a pause, each from an address of their own, and what they were answered."""

import http.client
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

USERS = 8


class Users:
    """What was answered so far.

    Attributes:
        answers: Bodies of good answers, statuses of others, and kinds of errors without an answer.
    """

    def __init__(self, url: str, path: str, rate: float) -> None:
        self.answers: Counter[str] = Counter()
        self._host, self._port = url.removeprefix("http://").split(":")
        self._path = path
        self._seconds = USERS / rate
        self._over = threading.Event()

    @property
    def failed(self) -> int:
        """How many had no good answer."""
        return sum(number for name, number in self.answers.items() if not name.startswith("ok "))

    def ask(self, user: int) -> None:
        """One of them, until all stop."""
        address = (f"127.0.0.{2 + user}", 0)
        to = http.client.HTTPConnection(
            self._host, int(self._port), timeout=10, source_address=address
        )
        due = time.monotonic() + self._seconds * user / USERS
        while not self._over.wait(max(0.0, due - time.monotonic())):
            due = max(due + self._seconds, time.monotonic() - 1.0)
            self.answers[self._asked(to)] += 1
        to.close()

    def _asked(self, to: http.client.HTTPConnection) -> str:
        try:
            to.request("GET", self._path)
            answer = to.getresponse()
            body = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            to.close()
            return type(error).__name__
        return f"ok {body}" if answer.status == 200 else str(answer.status)

    def stop(self) -> None:
        self._over.set()


@contextmanager
def users(url: str, path: str, rate: float = 200.0) -> Iterator[Users]:
    """So many requests a second of all users together, as long as the block lasts."""
    found = Users(url, path, rate)
    threads = [
        threading.Thread(target=found.ask, args=(user,), daemon=True) for user in range(USERS)
    ]
    for one in threads:
        one.start()
    try:
        yield found
    finally:
        found.stop()
        for one in threads:
            one.join()
