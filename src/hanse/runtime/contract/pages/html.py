"""`Html`: what a page or a form answers with."""

from __future__ import annotations

import msgspec

from hanse.runtime.contract.pages.cookie import SetCookie, check_together

POLICY = "default-src 'self'; base-uri 'none'; frame-ancestors 'none'"
"""A page loads from its own origin only; one that needs more says so in its `Html`."""

NO_STORE = "no-store"


class Html(msgspec.Struct, frozen=True, tag="html"):
    """What a page answers.

    Attributes:
        text: The document. Whoever made it escaped what people wrote; a template engine does.
        status: 200, or 404 for a page that says that something is not there.
        policy: Its Content-Security-Policy.
        cookies: What the browser is to keep, and send with what it asks from then on.
        cache: Its Cache-Control. A page that is the same for everybody says `public, max-age=60`;
            one that shows whose it is stays with the default, so that nobody else is shown it.

    Raises:
        ValueError: The status is no answer's, a header would break, the cookies are too much, or a
            cache would hand somebody's cookies to others.
    """

    text: str
    status: int = 200
    policy: str = POLICY
    cookies: tuple[SetCookie, ...] = ()
    cache: str = NO_STORE

    def __post_init__(self) -> None:
        if not 200 <= self.status <= 599:
            raise ValueError(f"The status of a page is 200 to 599, not {self.status}.")
        if self.policy is not POLICY:
            check_line("policy", " ".join(self.policy.split()))
        if self.cache is not NO_STORE:
            check_line("cache", self.cache)
        if self.cookies:
            check_together(self.cookies)
            _check_kept(self.cache)


def check_line(name: str, value: str) -> None:
    """Refuses what would break a header; `ValueError`."""
    if not (value.isascii() and value.isprintable()):
        raise ValueError(f"The {name} of a page is one line of printable ASCII.")


def _check_kept(cache: str) -> None:
    if "no-store" not in cache and "private" not in cache:
        raise ValueError(
            f"A page that sets cookies says {cache!r}, so that a cache may give them to others; "
            "say no-store or private."
        )
