"""Verbs for the regions of a fleet."""
