"""Whether a release can run beside the one before, and with all that calls and reads it."""
