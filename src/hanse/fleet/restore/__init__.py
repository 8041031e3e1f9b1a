"""Brings back what was backed up: into its place, beside it, or only to see that it can."""
