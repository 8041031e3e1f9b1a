"""Verbs that deploy."""
