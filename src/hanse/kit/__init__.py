"""Leaves: one noun a file, importing nothing of hanse but each other."""
