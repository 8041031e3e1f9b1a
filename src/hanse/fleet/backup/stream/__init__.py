"""The log of a database on its way into the place of its backups."""
