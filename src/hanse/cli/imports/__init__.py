"""`hanse import`: rows of a file become entities, by the key that others know them by."""
