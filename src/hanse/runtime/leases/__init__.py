"""Leases: what one process of all does, and how the others know when it no longer can."""
