"""Idempotency keys: what came before is answered as it was."""
