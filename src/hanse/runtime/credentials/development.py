"""Keys and tokens for development: what `hanse token` mints and `hanse dev` accepts."""

from __future__ import annotations

import json
import os
import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hanse.kit.private_folder import make_private
from hanse.runtime.config.configuration_error import ConfigurationError
from hanse.runtime.credentials.issuer import Issuer
from hanse.runtime.credentials.strict_json import read_object, write_base64url

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from joserfc.jwk import OKPKey

    from hanse.runtime.identity.principal import PrincipalKind

ISSUER = "hanse-dev"
AUDIENCE = "hanse"
LIFETIME_MAX = 30 * 86_400.0
_FILE = "development-key.json"
_FILE_BYTES_MAX = 4_096


class DevelopmentIssuer:
    """Signs tokens that only a host asked to run in development accepts.

    The key is made once in a state folder: the folder 0700, the file 0600, both refused when
    somebody else could read them.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], float],
        randomness: Callable[[int], bytes] = secrets.token_bytes,
    ) -> None:
        """Loads the key in `folder`, or makes it.

        Raises:
            ConfigurationError: Folder or file are open to others or not readable, with the remedy.
        """
        self._clock = clock
        self._randomness = randomness
        self._key = _load_or_make(folder)

    def issuer(self) -> Issuer:
        """The matching entry for a `Verifier`. Only a host in development may be given it."""
        public: dict[str, Any] = {**self._key.as_dict(private=False), "alg": "Ed25519"}
        return Issuer(
            issuer=ISSUER,
            audience=(AUDIENCE,),
            algorithms=("Ed25519",),
            keys={"keys": [{**public, "kid": self._key.thumbprint()}]},
            kinds=("member", "staff", "app", "service"),
        )

    def mint(
        self,
        kind: PrincipalKind,
        id: str,  # noqa: A002 (the principal's field, and the option of `hanse token`)
        *,
        permissions: Iterable[str] = (),
        site: str = "",
        lifetime: float = 3_600.0,
    ) -> str:
        """A signed access token (RFC 9068).

        Args:
            kind: Kind of principal.
            id: The principal's id.
            permissions: What it may.
            site: The site it is for; empty for none.
            lifetime: Seconds, at most 30 days.

        Raises:
            ValueError: A visitor, no id, or a lifetime out of range.
        """
        if kind == "visitor" or not id:
            raise ValueError("A token is for a member, staff, app or service with an id.")
        if not 0 < lifetime <= LIFETIME_MAX:
            raise ValueError(f"A development token lives up to {LIFETIME_MAX:.0f} s.")
        now = self._clock()
        claims = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": id,
            "kind": kind,
            "scope": " ".join(sorted(permissions)),
            "iat": now,
            "exp": now + lifetime,
            "jti": write_base64url(self._randomness(16)),
            **({"site": site} if site else {}),
        }
        return self._sign(claims)

    def _sign(self, claims: Mapping[str, object]) -> str:
        from joserfc import jws

        header = {"alg": "Ed25519", "typ": "at+jwt", "kid": self._key.thumbprint()}
        payload = json.dumps(claims, separators=(",", ":")).encode()
        return jws.serialize_compact(header, payload, self._key, algorithms=["Ed25519"])


def _load_or_make(folder: Path) -> OKPKey:
    from joserfc.errors import JoseError
    from joserfc.jwk import OKPKey

    path = folder / _FILE
    try:
        make_private(folder)
        _check_private(folder, os.stat(folder), allowed=0o700)  # noqa: PTH116 (twin of fstat)
        if not path.exists():
            _write_once(path, json.dumps(OKPKey.generate_key("Ed25519").as_dict(private=True)))
        key = OKPKey.import_key(read_object(_read_private(path)))
        if not key.is_private or key.curve_name != "Ed25519":
            raise ValueError("not a private Ed25519 key")  # noqa: TRY301 (told like all damage)
    except OSError as error:
        raise ConfigurationError(
            f"The development key {path} cannot be used: {error.strerror}. "
            "Remedy: name a state folder of your own, or delete the file to get a new key."
        ) from error
    except (JoseError, ValueError) as error:
        raise ConfigurationError(
            f"The development key {path} is damaged. Remedy: delete it; a new one is made, "
            "and tokens signed with the old one end."
        ) from error
    return key


def _write_once(path: Path, text: str) -> None:
    """Makes `path` whole or not at all; whoever comes second keeps what is there."""
    draft = path.with_name(f"{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            path.hardlink_to(draft)
    finally:
        draft.unlink()


def _read_private(path: Path) -> bytes:
    handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    with os.fdopen(handle, "rb") as file:
        # Looked at through the open file: what is checked is what is read.
        _check_private(path, os.fstat(handle), allowed=0o600)
        return file.read(_FILE_BYTES_MAX)


def _check_private(path: Path, found: os.stat_result, *, allowed: int) -> None:
    mode = stat.S_IMODE(found.st_mode)
    if mode & ~allowed:
        raise ConfigurationError(
            f"{path} has mode {mode:04o}, so others could read or change the development key. "
            f"Remedy: chmod {allowed:04o} {path}"
        )
    if found.st_uid != os.geteuid():
        raise ConfigurationError(
            f"{path} belongs to another user. Remedy: name a state folder of your own."
        )
