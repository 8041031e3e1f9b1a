"""The verbs of flags: what is declared and ruled, and how that is changed."""
