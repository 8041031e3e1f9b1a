"""Files of a project in the place of its backups."""
