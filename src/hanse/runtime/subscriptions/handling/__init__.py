"""One event and its handler: once, in a transaction, or parked."""
