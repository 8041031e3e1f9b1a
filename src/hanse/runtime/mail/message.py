"""A letter as it goes over the wire: made of the row alone, so that each try sends the same."""

from __future__ import annotations

from email.header import Header
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, quote
from typing import TYPE_CHECKING

import msgspec

from hanse.runtime.mail.address import NAME_MAX, domain_of, one_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hanse.runtime.mail.mail_config import MailConfig
    from hanse.runtime.mail.stored import StoredLetter

LINE_END = "\r\n"

PLAIN = SMTP.clone(cte_type="7bit")
"""A text in ASCII, whatever it says: not every server takes others (8BITMIME)."""


class Message(msgspec.Struct, frozen=True):
    """What a server is given.

    Attributes:
        sender: Of the envelope.
        to: Of the envelope.
        body: Headers and text.
        wide: Whether an address has letters beyond ASCII, which not every server takes.
    """

    sender: str
    to: str
    body: bytes
    wide: bool


def message_of(stored: StoredLetter, config: MailConfig) -> Message:
    """The letter of a row."""
    written = stored.written
    content = EmailMessage(policy=PLAIN)
    content.set_content(written.text)
    if written.html:
        content.add_alternative(written.html, subtype="html")
    head = "".join(f"{name}: {value}{LINE_END}" for name, value in _headers(stored, config))
    wide = not (written.to + written.reply_to + config.sender).isascii()
    return Message(config.sender, written.to, head.encode() + content.as_bytes(), wide)


def _headers(stored: StoredLetter, config: MailConfig) -> Iterator[tuple[str, str]]:
    """Those above the text, each safe to be written: nothing in a row has a second line.

    `EmailMessage` would fold them, and loses blanks between encoded words.
    """
    written = stored.written
    assert stored.create_time is not None, "it was stored"
    yield "From", _address(config.sender, one_line(config.sender_name, NAME_MAX))
    yield "To", _address(written.to, written.name)
    if written.reply_to:
        yield "Reply-To", written.reply_to
    yield "Subject", _encoded(written.subject, "Subject")
    yield "Date", format_datetime(stored.create_time)
    # It follows from the row's id: a server that has the letter already can tell.
    yield "Message-ID", f"<{stored.id}@{domain_of(config.sender)}>"
    yield "Auto-Submitted", "auto-generated"  # RFC 3834: no out-of-office note answers it
    if written.locale:
        yield "Content-Language", written.locale


def _address(text: str, name: str) -> str:
    if not name:
        return text
    return f"{_encoded(name, 'To') if _needs_words(name) else _quoted(name)} <{text}>"


def _quoted(name: str) -> str:
    return f'"{quote(name)}"'


def _encoded(text: str, header: str) -> str:
    """A text as RFC 2047 writes it, folded; as it is where it can be."""
    charset = "utf-8" if _needs_words(text) else "us-ascii"
    return Header(text, charset, header_name=header).encode(linesep=LINE_END)


def _needs_words(text: str) -> bool:
    return not text.isascii() or "=?" in text
