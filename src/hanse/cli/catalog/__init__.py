"""Verbs that say what exists."""
