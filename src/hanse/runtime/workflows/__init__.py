"""Workflows: processes of many steps that survive whatever dies, on PostgreSQL alone."""
