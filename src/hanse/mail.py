"""Mail: letters made by templates, written with what they tell of, and sent once that is kept.

    class Applications(Service, package="hiring.v1"):
        def __init__(self, receipts: Mail[Receipt]) -> None: ...

What a host that sends none need not load stands here and not in `hanse`.
"""

from hanse.runtime.mail.address import is_address
from hanse.runtime.mail.failures import LetterRefused
from hanse.runtime.mail.letter import Letter, letter
from hanse.runtime.mail.mail import Mail
from hanse.runtime.mail.mail_config import MailConfig
from hanse.runtime.mail.stored import Written

__all__ = ["Letter", "LetterRefused", "Mail", "MailConfig", "Written", "is_address", "letter"]
