"""Brings what was bought to where it is wanted."""
