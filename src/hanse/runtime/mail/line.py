"""A connection to a mail server: opened, encrypted and proven, and what its answers mean."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from aiosmtplib import (
    SMTP,
    SMTPException,
    SMTPNotSupported,
    SMTPRecipientsRefused,
    SMTPResponse,
    SMTPResponseException,
    SMTPSenderRefused,
)

from hanse.runtime.mail.address import domain_of
from hanse.runtime.mail.failures import LetterRefused, NotTaken
from hanse.runtime.mail.mail_config import ANSWER_SECONDS, server_of

if TYPE_CHECKING:
    import ssl

    from hanse.runtime.mail.mail_config import MailConfig
    from hanse.runtime.mail.message import Message

FOR_GOOD = 500
TOO_LARGE = 552
NOT_IN_ASCII = 553

LEAVE_SECONDS = 1.0
"""For an answer to our leave. Nobody needs it, and who dies meanwhile sends the letter again."""


class _PatientSMTP(SMTP):
    """Waits longer for the answer to a text than for others."""

    async def data(self, message: str | bytes, /, **_: Any) -> SMTPResponse:
        return await super().data(message, timeout=ANSWER_SECONDS)


class Line:
    """One connection; whoever has it sends letters over it one after the other."""

    def __init__(self, smtp: SMTP) -> None:
        self._smtp = smtp

    @classmethod
    async def open(cls, config: MailConfig, trust: ssl.SSLContext | None) -> Self:
        """Connects, encrypts and signs in.

        Raises:
            NotTaken: The server is not there, or does not let us in: that may be mended.
        """
        assert config.url is not None, "else nothing is sent"
        server = server_of(config.url)
        smtp = _PatientSMTP(
            hostname=server.host,
            port=server.port,
            username=server.user or None,
            password=server.password or None,
            local_hostname=domain_of(config.sender),
            use_tls=server.encrypted,
            start_tls=config.tls == "required" and not server.encrypted,
            tls_context=trust,
            timeout=config.timeout,
        )
        try:
            await smtp.connect()
        except (SMTPException, OSError, ValueError) as error:
            raise NotTaken(
                f"The mail server {server.host} does not let us in: {_said(error)}"
            ) from error
        return cls(smtp)

    async def send(self, message: Message) -> None:
        """Hands a letter over; it is the server's when this returns.

        Raises:
            LetterRefused: It does not take this one, now or later.
            NotTaken: It did not take it now, or nobody knows whether it did.
        """
        options = ("smtputf8", "body=8bitmime") if message.wide else ()
        try:
            await self._smtp.sendmail(
                message.sender, message.to, message.body, mail_options=options
            )
        except SMTPNotSupported as error:
            text = "The mail server takes no address with letters beyond ASCII."
            raise LetterRefused(text, answer=NOT_IN_ASCII) from error
        except (SMTPException, OSError) as error:
            raise _meaning(error) from error

    async def lives(self) -> bool:
        """Whether it can be used once more."""
        with suppress(SMTPException, OSError):
            await self._smtp.rset()
            return True
        return False

    async def quit(self) -> None:
        """Takes leave politely, and waits hardly for an answer to that."""
        try:
            with suppress(SMTPException, OSError):
                await self._smtp.quit(timeout=LEAVE_SECONDS)
        finally:
            self.close()

    def close(self) -> None:
        """Ends it at once."""
        self._smtp.close()


def _meaning(error: Exception) -> LetterRefused | NotTaken:
    answer = error.recipients[0] if isinstance(error, SMTPRecipientsRefused) else error
    if isinstance(answer, SMTPResponseException) and _is_for_good(answer):
        text = f"The mail server refused the letter for good: {_said(answer)}"
        return LetterRefused(text, answer=answer.code)
    return NotTaken(f"The mail server did not take the letter: {_said(answer)}")


def _is_for_good(answer: SMTPResponseException) -> bool:
    """Whether this letter can never be sent.

    A sender that is refused is a mistake of hanse.toml or of the server: every letter would be lost
    to it, and can be sent when it is mended.
    """
    if isinstance(answer, SMTPSenderRefused):
        return answer.code == TOO_LARGE
    return answer.code >= FOR_GOOD


def _said(error: Exception) -> str:
    """A number, or the kind of failure: what a server says in words may name the addressee."""
    if isinstance(error, SMTPResponseException):
        return f"{error.code}."
    return f"{type(error).__name__}."
