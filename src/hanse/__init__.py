"""Hanse: a platform as a runtime for backends."""
