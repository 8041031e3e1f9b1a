"""Contacts asked for inside of the process: a collection beside bare asyncpg."""
