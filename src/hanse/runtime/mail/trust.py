"""By whom a mail server is known."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

from hanse.runtime.mail.failures import NotTaken

if TYPE_CHECKING:
    from hanse.runtime.mail.mail_config import MailConfig


class Trust:
    """The certificates of the authorities of a host's server, read once and beside the loop.

    To read those of a machine takes tens of milliseconds, in which nothing else would be done.

    Args:
        config: Of the host.
    """

    def __init__(self, config: MailConfig) -> None:
        self._config = config
        self._reading = asyncio.Lock()
        self._context: ssl.SSLContext | None = None

    async def context(self) -> ssl.SSLContext | None:
        """What connections are encrypted by; None where nothing is encrypted.

        Raises:
            NotTaken: The file of `authority` cannot be read: that may be mended.
        """
        if self._config.tls == "off":
            return None
        async with self._reading:
            if self._context is None:
                self._context = await asyncio.to_thread(self._read)
        return self._context

    def _read(self) -> ssl.SSLContext:
        file = self._config.authority
        try:
            return ssl.create_default_context(cafile=file and str(file))
        except OSError as error:  # which ssl.SSLError is, too
            raise NotTaken("The certificates of mail.authority cannot be read.") from error
