"""Where backups of a project's data lie, and how often they are taken."""
