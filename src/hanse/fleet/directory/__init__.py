"""Who serves what: the files that the hosts of a region read, and what regions tell each other."""
