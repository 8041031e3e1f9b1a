"""The verbs of a running fleet: up, down, status, logs, restart, top, trust."""
