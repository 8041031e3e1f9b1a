"""The verbs of what a project keeps: they reach its database, and need no host."""
