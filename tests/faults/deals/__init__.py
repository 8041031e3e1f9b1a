"""Deals that are told, handled and gone on with, while hosts, NATS and PostgreSQL are killed."""
