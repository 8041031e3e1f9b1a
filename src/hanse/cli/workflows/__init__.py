"""The verbs of workflows: what runs, what waits, what is held, and what becomes of it."""
