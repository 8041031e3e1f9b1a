"""How many instances of a workflow go on side by side, and how often one begins."""
