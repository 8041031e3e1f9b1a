"""Whether a page was asked for by a name of this machine itself."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from hanse.runtime.http.refusal import NotFromHere

if TYPE_CHECKING:
    from hanse.runtime.http.message import Request

_HERE = re.compile(rb"(?:localhost|127\.0\.0\.1|\[::1\])(?::[0-9]{1,5})?", re.IGNORECASE)


def check_from_here(request: Request) -> None:
    """Refuses what was asked for by another name, though it came to this machine.

    A page of somebody has its own name lead to 127.0.0.1 (DNS rebinding), and is of one origin with
    what answers then: it reads all of it, in the browser of who develops here. A proxy before us
    has its public name.

    Raises:
        NotFromHere: It was.
    """
    if not _HERE.fullmatch(request.headers.get(b"host", b"").strip(b" \t")):
        raise NotFromHere(
            "This is shown to this machine alone: ask for it as localhost, 127.0.0.1 or [::1]."
        )
