"""What a webhook is called to its receiver."""

from __future__ import annotations

import hashlib


def webhook_id(event: str, endpoint: str) -> str:
    """One for an event and an endpoint, however often it is sent: by it a repeat is known."""
    return f"msg_{hashlib.blake2b(f'{event} {endpoint}'.encode(), digest_size=16).hexdigest()}"
