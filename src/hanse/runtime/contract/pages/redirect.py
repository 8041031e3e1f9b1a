"""`Redirect`: sends a browser on to another page of the same site."""

from __future__ import annotations

import re

import msgspec

from hanse.runtime.contract.pages.cookie import SetCookie, check_together

LENGTH_MAX = 2048

# A browser reads `//host` and `/\host` as another host, and passes over tabs and line ends.
_PATH = re.compile(r"/(?![/\\])[!-~]*")


class Redirect(msgspec.Struct, frozen=True, tag="redirect"):
    """Sends the browser on, with 303: it asks for the other page by GET, and a reload repeats that.

        return Redirect("/basket")

    Attributes:
        to: A path of the same origin, with query and fragment as needed: `/basket?added=tea#tea`.
        cookies: What the browser is to keep.

    Raises:
        ValueError: `to` would leave the origin or is no path, or the cookies are too much.
    """

    to: str
    cookies: tuple[SetCookie, ...] = ()

    def __post_init__(self) -> None:
        if not _PATH.fullmatch(self.to) or len(self.to) > LENGTH_MAX:
            raise ValueError(
                f"A redirect stays on its origin: {self.to[:100]!r} is no path like /basket of at "
                f"most {LENGTH_MAX} characters; quote what people wrote with urllib.parse.quote."
            )
        if self.cookies:
            check_together(self.cookies)
