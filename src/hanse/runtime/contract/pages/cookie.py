"""Cookies: which a page or form reads, and which its answer sets (RFC 6265)."""

from __future__ import annotations

import re
from typing import Any, Literal, get_args

import msgspec

COOKIES_BYTES_MAX = 8192
"""Of all cookies of a request together, and so of those of an answer too: they come back."""

COOKIE_BYTES_MAX = 4096
"""Of one, name and value; browsers drop what is larger."""

NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,100}")
VALUE = re.compile(r"[!#-+\--:<-\[\]-~]*")
_PATH = re.compile(r"/[ -:<-~]{0,1000}")


class Cookie:
    """Marks an argument of a page or form that comes from a cookie.

        shopper: Annotated[str, Cookie("shopper")] = ""

    A cookie outlives the release that set it. So one that breaks a rule of its argument, or comes
    twice with two values, counts as not there where the argument has a default; nobody is locked
    out of a shop by what an older one left behind. Where it has none, that is an error.

    Args:
        name: Of the cookie, as in `SetCookie`.

    Raises:
        ValueError: No cookie can be called so.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        _check_name(name)
        self.name = name

    def __repr__(self) -> str:
        return f"Cookie({self.name!r})"


class SetCookie(msgspec.Struct, frozen=True):
    """A cookie that an answer sets; `SetCookie("shopper", "", max_age=0)` takes one away.

    Attributes:
        name: Letters, digits and `-_.`; one that begins with `__Host-` cannot be set by neighbours.
        value: Without spaces, quotes, commas, semicolons, backslashes; `urllib.parse.quote` helps.
        max_age: Seconds the browser keeps it; None until it is closed.
        path: Below which it is sent.
        secure: Whether it is sent over TLS only; None for: if it was asked for over TLS, as far as
            the host knows.
        http_only: Whether scripts of the page do not see it.
        same_site: Whether it is sent with what other sites lead to: `lax` with links to a page,
            `strict` with nothing, `none` with everything, over TLS only.

    Raises:
        ValueError: It would break the header, or no browser would keep it.
    """

    name: str
    value: str
    max_age: int | None = None
    path: str = "/"
    secure: bool | None = None
    http_only: bool = True
    same_site: Literal["lax", "strict", "none"] = "lax"

    def __post_init__(self) -> None:
        _check_name(self.name)
        if not VALUE.fullmatch(self.value):
            raise ValueError(
                f"The value of the cookie {self.name} has a character that no cookie may have; "
                "write it with urllib.parse.quote."
            )
        if len(self.name) + len(self.value) > COOKIE_BYTES_MAX:
            raise ValueError(f"The cookie {self.name} is over {COOKIE_BYTES_MAX} bytes.")
        if not _PATH.fullmatch(self.path):
            raise ValueError(f"The path of the cookie {self.name} is no path; write it like /shop.")
        if self.max_age is not None and self.max_age < 0:
            raise ValueError(f"The cookie {self.name} has a max_age below 0; 0 takes it away.")
        self._check_prefix()

    @property
    def must_be_secure(self) -> bool:
        """Whether browsers keep it only if it is sent over TLS alone."""
        return self.same_site == "none" or self.name.startswith(("__Host-", "__Secure-"))

    def _check_prefix(self) -> None:
        if self.same_site not in {"lax", "strict", "none"}:
            raise ValueError(f"same_site is lax, strict or none, not {self.same_site!r}.")
        if self.secure is False and self.must_be_secure:
            raise ValueError(f"No browser keeps the cookie {self.name} unless it is secure.")
        if self.name.startswith("__Host-") and self.path != "/":
            raise ValueError(f"No browser keeps the cookie {self.name} unless its path is /.")


def check_together(cookies: tuple[SetCookie, ...]) -> None:
    """Refuses more than the browser's next request may bring back; `ValueError`."""
    if sum(len(cookie.name) + len(cookie.value) + 2 for cookie in cookies) > COOKIES_BYTES_MAX:
        raise ValueError(f"The cookies of an answer are over {COOKIES_BYTES_MAX} bytes together.")


def cookies_in(annotation: Any) -> tuple[Cookie, ...]:
    """The cookies an argument's type names, wherever in it."""
    own = tuple(one for one in getattr(annotation, "__metadata__", ()) if isinstance(one, Cookie))
    below = (getattr(annotation, name, None) for name in ("__supertype__", "__value__"))
    inside = (*get_args(annotation), *below)
    return own + tuple(cookie for one in inside if one is not None for cookie in cookies_in(one))


def _check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name of a cookie: letters, digits, - and _, at most 100.")
