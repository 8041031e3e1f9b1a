"""Style sheet, script and icon: read once, and addressed by what is in them."""

from __future__ import annotations

import hashlib
from pathlib import Path

from hanse import Document, NotFound

FOLDER = Path(__file__).parent / "assets"
PREFIX = "/careers/static"
MEDIA_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
FOR_GOOD = "public, max-age=31536000, immutable"
ASKED_EACH_TIME = "no-cache"


class StaticFiles:
    """The files of the site. The domain serves them itself, so that a project lists nothing."""

    def __init__(self) -> None:
        self._texts = {
            path.name: path.read_text(encoding="utf-8")
            for path in sorted(FOLDER.iterdir())
            if path.suffix in MEDIA_TYPES
        }
        self._versions = {
            name: hashlib.sha256(text.encode()).hexdigest()[:10]
            for name, text in self._texts.items()
        }

    def address(self, name: str) -> str:
        """Where a file is; another content, another address."""
        return f"{PREFIX}/{name}?v={self._versions[name]}"

    def document(self, name: str, version: str) -> Document:
        """The file; kept for good by whoever asks for the version that it is.

        Raises:
            NotFound: There is none.
        """
        text = self._texts.get(name)
        if text is None:
            raise NotFound("There is no such file.")
        cache = FOR_GOOD if version == self._versions[name] else ASKED_EACH_TIME
        return Document(text, MEDIA_TYPES[Path(name).suffix], cache=cache)
