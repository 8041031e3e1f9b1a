"""Hosts and PostgreSQL are killed at named points, and a ledger kept outside is held against what is left."""
