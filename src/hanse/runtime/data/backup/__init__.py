"""Where backups of a project's data lie, how often they are taken, and the keys beside them."""
