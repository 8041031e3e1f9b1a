"""Connections to the database: lent by a pool, out of what all processes share."""
