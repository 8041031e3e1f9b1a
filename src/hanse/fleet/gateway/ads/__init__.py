"""The server that tells Envoy what has changed, and hears whether Envoy takes it."""
